// What each recorded line says, reviewed by hand against the recording; see recorded_test.cpp.
#pragma once

#include <vector>

namespace mlbot::venue::bybit {

struct RecordedLine {
  const char* file;
  int line;
  const char* seen;
};
inline const std::vector<RecordedLine> recorded_expected{
    {"rest-account/fee-rate.jsonl", 1, "1 ETHUSDT taker0.0006 maker0.0001"},
    {"rest-account/info.jsonl", 1, "mode cross status4 plain 1697078946000"},
    {"rest-account/info.jsonl", 2, "mode cross status3 plain 1681283529000"},
    {"rest-account/query-dcp-info.jsonl", 1, "[SPOT true 10][DERIVATIVES true 10]"},
    {"rest-account/set-margin-mode.jsonl", 1,
     "3400045 refused 'Set margin mode failed' 0 1 reasons 3400000 Equity needs to be equal to or greater "
     "than 1000 USDC"},
    {"rest-account/smp-group.jsonl", 1, "0"},
    {"rest-account/transaction-log.jsonl", 1,
     "3 '21963%3A1%2C14954%3A1' [SETTLEMENT XRPUSDT buy 100@0.3676 fee0 funding-0.003676 change-0.003676 = "
     "5086.55825002 at1672128000000] [TRADE XRPUSDT buy 88@0.3615 fee0.0190872 funding0 change-0.0190872 = "
     "5086.56192602 at1672121182224] [TRADE XRPUSDT buy 12@0.3615 fee0.0026028 funding0 change-0.0026028 = "
     "5086.58101322 at1672121182224]"},
    {"rest-account/transaction-log.jsonl", 2,
     "3 '21963%3A1%2C14954%3A1' [SETTLEMENT XRPUSDT buy 100@0.3676 fee0 funding-0.003676 change-0.003676 = "
     "5086.55825002 at1672128000000] [TRADE XRPUSDT buy 88@0.3615 fee0.0190872 funding0 change-0.0190872 = "
     "5086.56192602 at1672121182224] [TRADE XRPUSDT buy 12@0.3615 fee0.0026028 funding0 change-0.0026028 = "
     "5086.58101322 at1672121182224]"},
    {"rest-account/user-setting-config.jsonl", 1, "rejects false false"},
    {"rest-account/wallet-balance.jsonl", 1, "! result.list[0].coin: no USDT: the account holds none"},
    {"rest-account/wallet-balance.jsonl", 2, "wallet 1000.5 1000.5 free3.00326056 upl0 im0 mm0"},
    {"rest-account/wallet-balance.jsonl", 3, "! result.list[0].coin: no USDT: the account holds none"},
    {"rest-account/wallet-balance.jsonl", 4, "! result.list[0].coin: no USDT: the account holds none"},
    {"rest-errors/error-texts.jsonl", 1, "10001 refused 'order not modified' 0"},
    {"rest-errors/error-texts.jsonl", 2, "10003 auth 'API key is invalid.' 0"},
    {"rest-errors/error-texts.jsonl", 3, "10004 auth 'error sign! origin_string[1701783394711X' 0"},
    {"rest-errors/error-texts.jsonl", 4, "10005 auth 'Permission denied, please check your API' 0"},
    {"rest-errors/error-texts.jsonl", 5, "10006 rate 'Too many visits. Exceeded the API Rate L' 0"},
    {"rest-errors/error-texts.jsonl", 6, "34040 unchanged 'not modified' 0"},
    {"rest-errors/error-texts.jsonl", 7, "110001 refused 'order not exists or too late to cancel' 0"},
    {"rest-errors/error-texts.jsonl", 8, "110001 refused 'order not exists or too late to replace' 0"},
    {"rest-errors/errors.jsonl", 1, "10001 refused 'params error: position_mode invalid' 1687601751714"},
    {"rest-errors/errors.jsonl", 2, "10001 refused 'position idx not match position mode' 1687610314417"},
    {"rest-errors/errors.jsonl", 3, "10001 refused 'The number of contracts exceeds minimum ' 1687610435384"},
    {"rest-errors/errors.jsonl", 4, "10002 time 'invalid request, please check your serve' 1696396707814"},
    {"rest-errors/errors.jsonl", 5, "10010 auth 'Unmatched IP, please check your API key'' 1701783283807"},
    {"rest-errors/errors.jsonl", 6, "110001 refused 'Order does not exist' 1689203937336"},
    {"rest-errors/errors.jsonl", 7, "110003 refused 'Order price is out of permissible range' 1687610383879"},
    {"rest-errors/errors.jsonl", 8, "110007 refused 'ab not enough for new order' 1759834563932"},
    {"rest-errors/errors.jsonl", 9,
     "110017 refused 'current position is zero, cannot fix red' 1785035422319"},
    {"rest-errors/errors.jsonl", 10, "110025 unchanged 'Position mode is not modified' 1687601811928"},
    {"rest-errors/errors.jsonl", 11, "110043 unchanged 'leverage not modified' 1773061237650"},
    {"rest-errors/errors.jsonl", 12,
     "110092 refused 'expect Rising, but trigger_price[6273430' 1785513269000"},
    {"rest-errors/errors.jsonl", 13,
     "110094 refused 'Order does not meet minimum order value ' 1761437109890"},
    {"rest-errors/ok-empty.jsonl", 1, "0 accepted 'OK' 1671017382656"},
    {"rest-market/account-ratio.jsonl", 1, "2 BTCUSDT 0.49 0.51 1696262400000"},
    {"rest-market/adlAlert.jsonl", 1, "adl BTCUSDT 92203504694.99632 -0.560973 -0.3 -0.25"},
    {"rest-market/funding-history.jsonl", 1, "1 ETHPERP 0.0001 1672041600000"},
    {"rest-market/index-price-kline.jsonl", 1, "2 bars, 1670608800000 17167/17167/17161.9/17163.07"},
    {"rest-market/instruments-info.jsonl", 1,
     "1 contracts 0 refused BTCUSDT tick0.1 lot0.001 max1190/500 notional5 x100 480min"},
    {"rest-market/instruments-info.jsonl", 2, "0 contracts 0 refused"},
    {"rest-market/instruments-info.jsonl", 3,
     "1 contracts 0 refused BTCUSDT tick0.1 lot0.001 max1190/500 notional5 x100 480min"},
    {"rest-market/instruments-info.jsonl", 4,
     "1 contracts 0 refused ETHUSDT tick0.05 lot0.01 max1500/1500 notional0 x100 480min"},
    {"rest-market/instruments-info.jsonl", 5,
     "1 contracts 0 refused BTCUSDT tick0.5 lot0.001 max100/100 notional0 x100 480min"},
    {"rest-market/instruments-info.jsonl", 6,
     "0 contracts 1 refused BTCUSDT: lotSizeFilter.maxOrderQty: missing"},
    {"rest-market/instruments-info.jsonl", 7, "0 contracts 0 refused"},
    {"rest-market/instruments-info.jsonl", 8, "! result.category: 'spot' was not asked for"},
    {"rest-market/instruments-info.result.jsonl", 1,
     "38 contracts 0 refused BTCUSDT tick0.1 lot0.001 max100/100 notional0 x100 480min"},
    {"rest-market/insurance.jsonl", 1,
     "4 at1714003200000 USDT 902178.57602476 'MERLUSDT' $901898.0963091522"},
    {"rest-market/insurance.jsonl", 2, "1 at1672012800000 ETH 0.00187332 '' $0"},
    {"rest-market/kline.jsonl", 1,
     "3 bars, kline BTCUSDT 1m 1670601600000 17086.5/17088/16978/17071.5 v6356 closed"},
    {"rest-market/kline.jsonl", 2,
     "5 bars, kline BTCUSDT 1m 1687589400000 30678.6/30690.9/30678.5/30689.9 v38.747 closed"},
    {"rest-market/kline.jsonl", 3,
     "1 bars, kline BTCUSDT 1m 1659256500000 0.693/0.694/0.692/0.693 v10642.8 closed"},
    {"rest-market/kline.jsonl", 4,
     "1 bars, kline BTCUSDT 1m 1709891679000 27450/27460/27440/27455 v123.45 open"},
    {"rest-market/kline.result.jsonl", 1,
     "100 bars, kline BTCUSDT 1m 1705190400000 39600/39699.86/25000/39530 v10728.167048 open"},
    {"rest-market/mark-price-kline.jsonl", 1, "1 bars, 1670608800000 17164.16/17164.16/17121.5/17131.64"},
    {"rest-market/mark-price-kline.result.jsonl", 1,
     "100 bars, 1676851200000 24279.66/24978/23851.48/24881.63"},
    {"rest-market/open-interest.jsonl", 1,
     "5 1780963200000 both63910691 one31955346 'lastid%3D19408935%26lasttime%3D1780617600'"},
    {"rest-market/orderbook.jsonl", 1,
     "book BTCUSDT snapshot u230704 seq1432604333 at1716863718905 b1:65485.47x47.081829 "
     "a1:65557.7x16.606555"},
    {"rest-market/orderbook.jsonl", 2,
     "book BTCUSDT snapshot u5277055 seq0 at1672765737733 b1:16638.27x0.305749 a1:16638.64x0.008479"},
    {"rest-market/orderbook.jsonl", 3,
     "book BITUSDT snapshot u261906 seq0 at1670148386787 b2:0.306x478.3 a2:0.308x646.5"},
    {"rest-market/orderbook.jsonl", 4,
     "book BTCUSDT snapshot u1234567 seq9876543 at1709891679000 b3:27450.5x1.5 a3:27451x1.2"},
    {"rest-market/premium-index-price-kline.jsonl", 1,
     "2 bars, 1652486400000 -0.000587/-0.000344/-0.00048/-0.000344"},
    {"rest-market/recent-trade.jsonl", 1,
     "1 trades BTCUSDT buy 0.00012@16618.49 at1672052955758 seq123456 rpi id 2100000000007764263"},
    {"rest-market/recent-trade.jsonl", 2,
     "1 trades BTCUSDT buy 0.00012@16618.49 at1672052955758 seq0 id 2100000000007764263"},
    {"rest-market/risk-limit.jsonl", 1, "1 BTCUSD 150 mm0.5 im1 x100 lowest ... 150 mm0.5 x100"},
    {"rest-market/risk-limit.result.jsonl", 1,
     "35 BTCUSDT 2000000 mm0.005 im0.01 x100 lowest ... 1200000000 mm0.6 x1"},
    {"rest-market/tickers.jsonl", 1,
     "1 of ours, ticker BTCUSD snapshot cs0 last120635.5 mark114898.43 index114890.92 oi240113967 "
     "funding0.0001 next1760371200000 8h"},
    {"rest-market/tickers.jsonl", 2,
     "1 of ours, ticker BTCUSD snapshot cs0 last16597 mark16596 index16598.54 oi373504107 funding-0.001034 "
     "next1672387200000"},
    {"rest-market/tickers.jsonl", 3, "1 of ours, ticker BTCUSDT snapshot cs0 last16258.75"},
    {"rest-market/tickers.jsonl", 4,
     "1 of ours, ticker BTC-30DEC22-18000-C snapshot cs0 last435 mark0.00000009 index16600.55 oi6.3"},
    {"rest-market/tickers.jsonl", 5,
     "1 of ours, ticker BTCUSD snapshot cs0 last16751.5 mark16751.93 index16844.56 oi421154773 funding0.0001 "
     "next1672070400000"},
    {"rest-market/tickers.result.jsonl", 1,
     "5 of ours, ticker BTCUSDT snapshot cs0 last22379.7 mark22421.12 index22418.8 oi79729.388 funding0.0001 "
     "next1678204800000"},
    {"rest-market/time.jsonl", 1, "1688639403423213947"},
    {"rest-position/add-margin.jsonl", 1,
     "ETHUSD 0 200@1812.70004844 liq1550.8 im0.01926611 x12 1684234363788"},
    {"rest-position/closed-pnl.jsonl", 1,
     "1 ETHPERP sell 3 1194.97516667->1180.59833333 pnl-47.4065323 x3 fills4 1672214887236"},
    {"rest-position/list.jsonl", 1, "! result.category: 'inverse' was not asked for"},
    {"rest-position/list.jsonl", 2,
     "foreign0 position BTCUSDT 0 0.5@50000 mark50500 liq45000 sl48000 tp55000 x10 pnl100 seq5723621632 | "
     "position ETHUSDT 0 -5@3000 mark2950 liq3500 sl3100 tp2800 x5 pnl-50 seq5723621633 | position SOLUSDT 0 "
     "0@0 mark150 liq0 sl0 tp0 x10 pnl0 seq5723621634 cursor''"},
    {"rest-position/list.jsonl", 3,
     "foreign0 position XRPUSDT 0 100@0.3615 mark0.3432 liq0.0001 sl0 tp0 x10 pnl0 seq-1 "
     "cursor'updateAt%3D1'"},
    {"rest-position/list.jsonl", 4,
     "foreign0 position XRPUSDT 0 100@0.3615 mark0.3432 liq0.0001 sl0 tp0 x10 pnl0 seq-1 "
     "cursor'updateAt%3D1'"},
    {"rest-position/set-auto-add-margin.jsonl", 1, "0 accepted 'OK' 1675255135069"},
    {"rest-position/set-leverage.jsonl", 1, "0 accepted 'OK' 1672281607343"},
    {"rest-position/switch-mode.jsonl", 1, "0 accepted 'OK' 1675249072814"},
    {"rest-position/trading-stop.jsonl", 1, "0 accepted 'OK' 1672283125359"},
    {"rest-trade/amend-batch.jsonl", 1,
     "2 orders [ETH-30DEC22-500-C b551f227 '' 0] [ETH-30DEC22-700-C fa6a595f '' 0]"},
    {"rest-trade/amend.jsonl", 1, "c6f055d9-7f21-4079-913d-e6523a9cfffa 'linear-004'"},
    {"rest-trade/cancel-all.jsonl", 1,
     "2 orders [ 16160243 '1616024329462743809' 0] [ 16160242 '1616024287544869633' 0]"},
    {"rest-trade/cancel-all.jsonl", 2, "0 orders"},
    {"rest-trade/cancel-batch.jsonl", 1,
     "2 orders [BTCUSDT 16668004 'spot-btc-03' 0] [ATOMUSDT  '1666800494330512129' 170213]"},
    {"rest-trade/cancel.jsonl", 1, "c6f055d9-7f21-4079-913d-e6523a9cfffa 'linear-004'"},
    {"rest-trade/create-batch.jsonl", 1,
     "2 orders [BTCUSDT 16668004 'spot-btc-03' 0] [ATOMUSDT 16668004 'spot-atom-03' 0]"},
    {"rest-trade/create.jsonl", 1, "1321003749386327552 'spot-test-postonly'"},
    {"rest-trade/disconnected-cancel-all.jsonl", 1, "0 accepted 'success' 0"},
    {"rest-trade/execution-list.jsonl", 1,
     "foreign0 execution ETHPERP trade buy 0.1@1190.15 fee0.071409 pnl0 taker 1672282722429 '' id e0cbe81d "
     "cursor'132766%3A2%2'"},
    {"rest-trade/execution-list.jsonl", 2,
     "foreign0 execution BTCUSDT funding sell 0.011@28399.9 fee0.6364003 pnl0 taker 1682553600000 '' id "
     "11f1c4ed cursor'page_token%3'"},
    {"rest-trade/execution-list.jsonl", 3,
     "foreign0 execution BTCUSDT trade buy 0.1@50000 fee0.015 pnl0 maker 1672282722429 'test-order-001' id "
     "e0cbe81d | execution ETHUSDT trade sell 0.5@3000 fee0.9 pnl0 taker 1672282822529 'test-order-002' id "
     "f1dce92e cursor'132766%3A2%2'"},
    {"rest-trade/history.jsonl", 1,
     "foreign0 order BTCUSDT cancelled buy limit post_only 0/0.003@26864.4 avg0 "
     "why'EC_PostOnlyWillTakeLiquidity' 1684476068372 'YLxaWKMiHU' cursor'page_token%3'"},
    {"rest-trade/history.jsonl", 2,
     "foreign0 order BTCUSDT cancelled sell limit gtc 0/0.1@18000 avg0 why'EC_PerCancelRequest' "
     "1672220114123 'test-001' cursor'03234de9-133'"},
    {"rest-trade/history.jsonl", 3,
     "foreign0 order BTCUSDT cancelled sell limit unknown 0/0.1@18000 avg0 why'EC_PerCancelRequest' "
     "1672220114123 'test-001' cursor'03234de9-133'"},
    {"rest-trade/history.jsonl", 4,
     "foreign0 order BTCUSDT cancelled buy limit post_only 0/0.003@26864.4 avg0 "
     "why'EC_PostOnlyWillTakeLiquidity' 1684476068372 'YLxaWKMiHU' cursor'page_token%3'"},
    {"rest-trade/pre-check.jsonl", 1, "30 21 357 294"},
    {"rest-trade/realtime.jsonl", 1,
     "foreign0 order ETHUSDT open buy limit gtc 0/0.1@1600 avg0 why'' 1684738540561 'test-000005' "
     "cursor'page_args%3D'"},
    {"rest-trade/realtime.jsonl", 2,
     "foreign0 order BTCUSDT untriggered sell market gtc 0/0.5@0 avg0 conditional reduce why'' 1672364262457 "
     "'client-tp-001' | order BTCUSDT untriggered sell limit gtc 0/0.5@47500 avg0 conditional reduce why'' "
     "1672364262457 'client-sl-001' cursor''"},
    {"rest-trade/realtime.jsonl", 3,
     "foreign0 order ETHUSDT open buy limit gtc 0/0.01@3930.41 avg0 why'' 1761355905606 'client-open-1' | "
     "order ETHUSDT open sell limit gtc 0/0.01@3940.42 avg0 why'' 1761355905609 'client-open-2' cursor''"},
    {"rest-trade/realtime.jsonl", 4, "foreign0  cursor''"},
    {"rest-user/query-api.jsonl", 1,
     "2208369 read-only 14 rights order:true wallet:true withdraw:false ips3 1970-01-01T00:00:00Z days-2 "
     "utatrue mastertrue"},
    {"rest-user/query-api.jsonl", 2,
     "13770661 read-write 10 rights order:true wallet:true withdraw:false ips1 2023-05-15T03:21:05Z days83 "
     "utafalse masterfalse"},
    {"rest-user/query-api.jsonl", 3,
     "13770661 read-write 6 rights order:true wallet:true withdraw:false ips1 2023-12-22T07:20:25Z days66 "
     "utafalse mastertrue"},
    {"sequences/book-linear-2026-03.jsonl", 1,
     "50 1773386409389 book BTCUSDT snapshot u10132540 seq546137962055 at1773386409385 b50:71423.8x0.557 "
     "a50:71423.9x4.669"},
    {"sequences/book-linear-2026-03.jsonl", 2,
     "50 1773386409407 book BTCUSDT delta u10132541 seq546137962186 at1773386409404 b11:71419.8x0 "
     "a4:71427.9x0.006"},
    {"sequences/one-order-2025-10.jsonl", 1,
     "order.create '1759432560816495533' 0 'OK' 9/10 1759432560940 1 orders [ 373b6927 '1759432560816495533' "
     "0]"},
    {"sequences/one-order-2025-10.jsonl", 2,
     "1759432560943 foreign0 execution SOLUSDT trade buy 0.2@233.02 fee0.0256322 pnl0 taker 1759432560940 "
     "'1759432560816495533' id 3fb94d67"},
    {"sequences/one-order-2025-10.jsonl", 3,
     "1759432560943 foreign0 order SOLUSDT filled buy limit fok 0.2/0.2@240 avg233.02 why'' 1759432560942 "
     "'1759432560816495533'"},
    {"sequences/one-order-2025-10.jsonl", 4,
     "1759432560944 foreign0 wallet 11.47904524 11.47724524 free6.79608275 upl0.0018 im4.6908371 "
     "mm0.26041992"},
    {"sequences/one-order-2025-10.jsonl", 5,
     "1759432560944 foreign0 position SOLUSDT 0 0.2@233.02 mark233.029 liq176.89650029 sl0 tp0 x10 "
     "pnl-0.03024599 seq227170130491"},
    {"ws-control/auth.jsonl", 1, "auth accepted '' ''"},
    {"ws-control/auth.jsonl", 2, "auth accepted '' ''"},
    {"ws-control/auth.jsonl", 3, "auth accepted '' '0'"},
    {"ws-control/pong.jsonl", 1, "pong accepted '' 'pong'"},
    {"ws-control/pong.jsonl", 2, "pong accepted '' ''"},
    {"ws-control/pong.jsonl", 3, "pong accepted 'test' ''"},
    {"ws-control/pong.jsonl", 4, "pong accepted 'ping' 'pong'"},
    {"ws-control/pong.jsonl", 5, "pong accepted '100001' ''"},
    {"ws-control/pong.jsonl", 6, "pong accepted 'ping-pp' 'pong'"},
    {"ws-control/pong.jsonl", 7, "pong accepted '' ''"},
    {"ws-control/requests.jsonl", 1, "auth '10001' api_key 1662350400000"},
    {"ws-control/requests.jsonl", 2, "ping '100001'"},
    {"ws-control/requests.jsonl", 3, "subscribe 'test' orderbook.1.BTCUSDT"},
    {"ws-control/requests.jsonl", 4, "unsubscribe 'customised_id' publicTrade.ETHUSD"},
    {"ws-control/requests.jsonl", 5, "subscribe '' dcp.future"},
    {"ws-control/requests.jsonl", 6, "subscribe '' insurance.USDT insurance.USDC"},
    {"ws-control/requests.jsonl", 7, "subscribe '' priceLimit.BTCUSDT"},
    {"ws-control/requests.jsonl", 8, "subscribe '' system.status"},
    {"ws-control/subscribe.ack.jsonl", 1, "subscribe accepted '' ''"},
    {"ws-control/subscribe.ack.jsonl", 2, "subscribe accepted '10001' 'subscribe'"},
    {"ws-control/subscribe.ack.jsonl", 3, "subscribe accepted '1' ''"},
    {"ws-control/subscribe.ack.jsonl", 4, "subscribe accepted '1' 'subscribe'"},
    {"ws-control/subscribe.ack.jsonl", 5, "subscribe accepted '' ''"},
    {"ws-control/subscribe.ack.jsonl", 6, "subscribe accepted '' ''"},
    {"ws-control/subscribe.error.jsonl", 1,
     "subscribe refused 'unknown_symbol' 'error:handler not found,topic:orderbook.50.NOPEUSDT'"},
    {"ws-control/subscribe.error.jsonl", 2,
     "subscribe refused 'duplicate' 'error:already subscribed,topic:orderbook.50.CHRUSDT'"},
    {"ws-control/subscribe.error.jsonl", 3,
     "subscribe refused 'e1' 'error:handler not found,topic:orderbook.50.NOPEUSDT'"},
    {"ws-control/subscribe.error.jsonl", 4, "subscribe refused '1' 'failed auth'"},
    {"ws-control/unsubscribe.ack.jsonl", 1, "unsubscribe accepted '' ''"},
    {"ws-private/execution.fast.jsonl", 1,
     "1716800399338 foreign0 fast ICPUSDT sell 3000@12.015 taker 1716800399334 seq34771365464 'test-00001'"},
    {"ws-private/execution.fast.jsonl", 2,
     "1763095434843 foreign0 fast ESPORTSUSDT sell 34@0.33656 maker 1763095434836 seq262102669252 ''"},
    {"ws-private/execution.fast.jsonl", 3,
     "1716800399338 foreign0 fast ICPUSDT sell 3000@12.015 unknown 1716800399334 seq34771365464 "
     "'test-00001'"},
    {"ws-private/execution.jsonl", 1,
     "1746270400355 foreign0 execution BTCUSDT trade sell 0.5@95900.1 fee26.3725275 pnl0.05 taker "
     "1746270400353 '' id 0ab1bdf7"},
    {"ws-private/execution.jsonl", 2,
     "1759432560943 foreign0 execution SOLUSDT trade buy 0.2@233.02 fee0.0256322 pnl0 taker 1759432560940 "
     "'1759432560816495533' id 3fb94d67"},
    {"ws-private/execution.jsonl", 3,
     "1672364174455 foreign0 execution XRPUSDT trade sell 25@0.3374 fee0.005061 pnl0 taker 1672364174443 '' "
     "id 7e2ae69c"},
    {"ws-private/execution.jsonl", 4,
     "1672364174455 foreign0 execution XRPUSDT trade sell 25@0.3374 fee0.005061 pnl0 taker 1672364174443 '' "
     "id 7e2ae69c"},
    {"ws-private/execution.jsonl", 5,
     "1737725902960 foreign0 execution XRPUSDT trade buy 1@3.1424 fee0.00125696 pnl0 taker 1737725902941 '' "
     "id ba509918 | execution XRPUSDT trade buy 9@3.1427 fee0.01131372 pnl0 taker 1737725902941 '' id "
     "d382f1b7"},
    {"ws-private/order.jsonl", 1, "1672364262474 foreign1 "},
    {"ws-private/order.jsonl", 2,
     "1727433749096 foreign0 order SOLUSDT cancelled buy limit gtc 0/0.1@99 avg0 why'EC_PerCancelRequest' "
     "1727433749095 ''"},
    {"ws-private/order.jsonl", 3,
     "1737725795599 foreign0 order XRPUSDT open buy limit gtc 0/10@2.5293 avg0 why'' 1737725795596 ''"},
    {"ws-private/order.jsonl", 4,
     "1759432560943 foreign0 order SOLUSDT filled buy limit fok 0.2/0.2@240 avg233.02 why'' 1759432560942 "
     "'1759432560816495533'"},
    {"ws-private/order.jsonl", 5,
     "1672364262474 foreign0 order BTCUSDT untriggered sell market gtc 0/0.1@0 avg0 conditional why'' "
     "1672364262457 'test-client-stop-market-001'"},
    {"ws-private/order.jsonl", 6,
     "1672364262474 foreign0 order BTCUSDT untriggered sell market gtc 0/0.5@0 avg0 conditional reduce why'' "
     "1672364262457 'test-client-tp-001'"},
    {"ws-private/order.jsonl", 7, "1672364262474 foreign1 "},
    {"ws-private/order.jsonl", 8, "1672364262474 foreign1 "},
    {"ws-private/order.jsonl", 9,
     "1763095434847 foreign0 order ESPORTSUSDT filled sell limit gtc 34/34@0.33656 avg0.33656 why'' "
     "1763095434846 '1763090785843843'"},
    {"ws-private/order.jsonl", 10, "1672364262474 foreign1 "},
    {"ws-private/order.jsonl", 11,
     "1744688571933 foreign0 order SOLUSDT filled buy limit gtc 1/1@131 avg130.32 why'' 1744688571931 "
     "'1234567890123456'"},
    {"ws-private/position.jsonl", 1,
     "1697682317044 foreign0 position BTCUSDT 2 0@0 mark28184.5 liq0 sl0 tp0 x10 pnl1.26 seq8327597863"},
    {"ws-private/position.jsonl", 2,
     "1759432560944 foreign0 position SOLUSDT 0 0.2@233.02 mark233.029 liq176.89650029 sl0 tp0 x10 "
     "pnl-0.03024599 seq227170130491"},
    {"ws-private/position.jsonl", 3,
     "1697682417044 foreign0 position ETHUSDT 0 -0.01@3641.075 mark3641.33 liq51764.83003276 sl0 tp0 x30 "
     "pnl0.0094814 seq325852190774"},
    {"ws-private/position.jsonl", 4,
     "1672364174455 foreign0 position XRPUSDT 0 75@0.3615 mark0.3374 liq0 sl0 tp0 x10 pnl0 seq4688002127"},
    {"ws-private/position.jsonl", 5,
     "1697682317044 foreign0 position BTCUSDT 2 0@0 mark28184.5 liq0 sl0 tp0 x10 pnl1.26 seq8327597863"},
    {"ws-private/position.jsonl", 6,
     "1672364174455 foreign0 position XRPUSDT 0 75@0.3615 mark0.3374 liq0 sl0 tp0 x10 pnl0 seq-1"},
    {"ws-private/wallet.jsonl", 1, "1700034722104 foreign0 "},
    {"ws-private/wallet.jsonl", 2,
     "1759432560944 foreign0 wallet 11.47904524 11.47724524 free6.79608275 upl0.0018 im4.6908371 "
     "mm0.26041992"},
    {"ws-private/wallet.jsonl", 3,
     "1672364262482 foreign0 wallet 11726.64664904 11728.54414904 free12632.05767702 upl-1.8975 "
     "im205.72562486 mm39.42876721"},
    {"ws-private/wallet.jsonl", 4,
     "1737725795605 foreign0 wallet 1001.44207561 1000.05007561 free837.6076437 upl1.392 im3.67604398 "
     "mm0.30525761"},
    {"ws-private/wallet.jsonl", 5,
     "1690873065683 foreign0 wallet 4.93036732 106.03036732 free9511.52641225 upl-101.1 im8719.30610327 "
     "mm277.05763376"},
    {"ws-public/adlAlert.jsonl", 1,
     "1757736794000 adl FWOGUSDT -5421.29889888 0 -0.3 -0.25 ZORAUSDT 19873.46255153 0.000174 -0.3 -0.25 "
     "BERAUSDT 453.36427074 0.24576 -0.3 -0.25"},
    {"ws-public/allLiquidation.jsonl", 1,
     "1739502303204 1 liquidation ROSEUSDT short 20000@0.04499 at1739502302929"},
    {"ws-public/allLiquidation.jsonl", 2,
     "1741450605553 1 liquidation BTCUSDT long 0.001@85823.6 at1741450605236"},
    {"ws-public/allLiquidation.jsonl", 3,
     "1791091285551 1 liquidation STRKUSDT long 2084.9@0.05165 at1791091285156"},
    {"ws-public/kline.jsonl", 1,
     "1786540381441 kline BTCUSDT 1m 1786540380000 63975/63975/63971.2/63971.2 v0.329 open"},
    {"ws-public/kline.jsonl", 2,
     "1672324988882 kline BTCUSDT 5m 1672324800000 16649.5/16677/16608/16677 v2.081 open"},
    {"ws-public/kline.jsonl", 3,
     "1786538714563 kline BTCUSDT 1m 1786538700000 64104.5/64104.5/64096.4/64096.4 v1.01673 open"},
    {"ws-public/liquidation.deprecated.jsonl", 1,
     "1703485237953 1 liquidation BTCUSDT short 0.003@43511.7 at1703485237953"},
    {"ws-public/orderbook.1.jsonl", 1,
     "1 1758841134603 book BTCUSDT snapshot u14869255 seq457514742271 at1758841134598 b1:109378.8x1.273 "
     "a1:109378.9x6.278"},
    {"ws-public/orderbook.1.jsonl", 2,
     "1 1758841134603 book BTCUSDT snapshot u14869255 seq457514742271 at1758841134598 b1:109378.8x1.273 "
     "a1:109378.9x6.278"},
    {"ws-public/orderbook.1.jsonl", 3,
     "1 1786538684939 book BTCUSDT snapshot u70913931 seq112571825987 at1786538684930 b1:64097.1x0.463717 "
     "a1:64097.2x1.299102"},
    {"ws-public/orderbook.1.jsonl", 4,
     "1 1677322353682 book BTCUSDT snapshot u642570 seq7995099758 at1677322353682 b1:22975.1x261.537 "
     "a1:22975.4x131.388"},
    {"ws-public/orderbook.50.jsonl", 1,
     "50 1773386409389 book BTCUSDT snapshot u10132540 seq546137962055 at1773386409385 b50:71423.8x0.557 "
     "a50:71423.9x4.669"},
    {"ws-public/orderbook.50.jsonl", 2,
     "50 1773386409407 book BTCUSDT delta u10132541 seq546137962186 at1773386409404 b11:71419.8x0 "
     "a4:71427.9x0.006"},
    {"ws-public/orderbook.50.jsonl", 3,
     "50 1672304484978 book BTCUSDT snapshot u18521288 seq7961638724 at1672304484976 b2:16493.5x0.006 "
     "a2:16611x0.029"},
    {"ws-public/orderbook.50.jsonl", 4,
     "50 1687940967466 book BTCUSDT delta u177400507 seq66544703342 at1687940967464 b5:30247.2x30.028 "
     "a7:30248.7x0"},
    {"ws-public/orderbook.50.jsonl", 5,
     "50 1758845431663 book BTCUSDT delta u21111423 seq457538796406 at1758845431662 b2:109147.8x1.687 "
     "a5:109148x0"},
    {"ws-public/orderbook.50.jsonl", 6,
     "50 1758845431663 book BTCUSDT delta u21111423 seq457538796406 at1758845431662 b2:109147.8x1.687 "
     "a5:109148x0"},
    {"ws-public/orderbook.50.jsonl", 7,
     "50 1790134712130 book BTCUSDT snapshot u173678160 seq814547787693 at1790134712126 b3:86723.4x0.194 "
     "a3:86723.5x5.959"},
    {"ws-public/orderbook.50.jsonl", 8,
     "50 1687940967466 book BTCUSDT delta u177400507 seq66544703342 at1687940967466 b5:30247.2x30.028 "
     "a7:30248.7x0"},
    {"ws-public/orderbook.50.jsonl", 9,
     "50 1790134716101 book AAPLUSDT delta u29443257 seq301632783305 at1790134716094 b1:340.82x3.37 a0"},
    {"ws-public/orderbook.50.jsonl", 10,
     "50 1672304484978 book BTCUSDT snapshot u18521288 seq7961638724 at1672304484978 b2:16493.5x0.006 "
     "a2:16611x0.029"},
    {"ws-public/publicTrade.jsonl", 1,
     "1774021164273 9 trades BTCUSDT sell 0.001@69916.8 at1774021164272 seq549792210006 id "
     "8c931d9a-b703-5c34-9aeb-860867cf1f66"},
    {"ws-public/publicTrade.jsonl", 2,
     "1786540363844 1 trades BTCUSDT buy 0.015@63976.1 at1786540363843 seq760579112851 id "
     "e799c7b7-1ccc-53d9-b84a-fb7a460397bc"},
    {"ws-public/publicTrade.jsonl", 3,
     "1672304486868 1 trades BTCUSDT buy 0.001@16578.5 at1672304486865 seq1783284617 id "
     "20f43950-d8dd-5b31-9112-a178eb6023af"},
    {"ws-public/publicTrade.jsonl", 4,
     "1741433245359 1 trades BTCUSDT buy 0.007@85821 at1741433245357 seq0 id "
     "485eaa70-df6e-5260-bbef-4f7324e3c5d9"},
    {"ws-public/publicTrade.jsonl", 5,
     "1774021164130 1 trades BTCUSDT buy 0.02@69916.9 at1774021164129 seq549792208812 id "
     "f60eae3c-d812-5c0b-ad26-8010c31c53aa"},
    {"ws-public/publicTrade.jsonl", 6,
     "1786538700968 1 trades BTCUSDT sell 0.001683@64103.9 at1786538700967 seq112571834997 id "
     "2290000001190010749"},
    {"ws-public/publicTrade.jsonl", 7,
     "1786540364137 1 trades BTCUSDT buy 0.002@63976.1 at1786540364137 seq760579121790 id "
     "716fc3a6-75f3-55a0-987d-97d2b9e66a8b"},
    {"ws-public/tickers.jsonl", 1,
     "1786540397684 ticker BTCUSDT snapshot cs760580211302 last63958.6 mark63958.6 index63986.67 oi57798.137 "
     "funding0.0000544 next1786550400000 8h"},
    {"ws-public/tickers.jsonl", 2, "1786540397983 ticker BTCUSDT delta cs760580218857 index63986.66"},
    {"ws-public/tickers.jsonl", 3, "1718995014034 ticker BTCUSDT delta cs195377749067 last63948.5"},
    {"ws-public/tickers.jsonl", 4,
     "1760325052630 ticker BTCUSDT snapshot cs9532239429 last66666.6 mark66666.6 index115418.19 oi492373.72 "
     "funding-0.005 next1760342400000 8h"},
    {"ws-public/tickers.jsonl", 5,
     "1715748762463 ticker BTCUSDT snapshot cs176530003895 last61874 mark61875.25 index61903.73 oi58117.022 "
     "funding0.00008055 next1715760000000"},
    {"ws-public/tickers.jsonl", 6,
     "1715748763063 ticker BTCUSDT delta cs176530004279 mark61875.06 index61903.59"},
    {"ws-public/tickers.jsonl", 7, "1790133763121 ticker CHRUSDT delta cs350390589868"},
    {"ws-public/tickers.jsonl", 8, "1787590405983 ticker BTCUSDT delta cs793092205004"},
    {"ws-public/tickers.jsonl", 9,
     "1790134712383 ticker BTCUSDT delta cs814547789569 mark86716.3 index86756.7"},
    {"ws-public/tickers.jsonl", 10, "1737718429132 ticker XRPUSDT delta cs19371556274 last3.3298"},
    {"ws-public/tickers.jsonl", 11, "1786538729776 ticker BTCUSDT snapshot cs112571857121 last64057.7"},
    {"ws-trade/auth.ack.jsonl", 1, "auth accepted '' 'OK'"},
    {"ws-trade/auth.ack.jsonl", 2, "auth accepted '' 'OK'"},
    {"ws-trade/auth.request.jsonl", 1, "auth '' XXXXXX 1711010121452"},
    {"ws-trade/order.ack.jsonl", 1,
     "order.create 'test-005' 0 'OK' 9/10 1711001595209 1 orders [ a4c1718e '' 0]"},
    {"ws-trade/order.ack.jsonl", 2,
     "order.create-batch '' 0 'OK' 147/150 1740453408556 3 orders [SOLUSDT  'batch-000' 10001] [SOLUSDT  "
     "'batch-001' 10001] [SOLUSDT  'batch-002' 10001]"},
    {"ws-trade/order.ack.jsonl", 3,
     "order.create '1759432560816495533' 0 'OK' 9/10 1759432560940 1 orders [ 373b6927 '1759432560816495533' "
     "0]"},
    {"ws-trade/order.ack.jsonl", 4, "order.cancel '|2|' 0 'OK' 9/10 1711001595209 1 orders [ a4c1718e '' 0]"},
    {"ws-trade/order.error.jsonl", 1,
     "order.create '1' 170131 'Insufficient balance.' 19/20 1714236608946 0 orders"},
    {"ws-trade/order.request.jsonl", 1, "unknown ''"},
    {"ws-trade/order.request.jsonl", 2, "unknown ''"},
    {"ws-trade/order.request.jsonl", 3, "unknown ''"},
    {"ws-trade/order.request.jsonl", 4, "unknown ''"},
    {"ws-trade/pong.jsonl", 1, "pong accepted '' 'OK'"}};

}  // namespace mlbot::venue::bybit
