#include "domain/own_views.h"

namespace mlbot {
namespace {

template <class T>
void own(std::span<const T>& view, std::vector<T>& store) {
  store.assign(view.begin(), view.end());
  view = store;
}

}  // namespace

void own_views(Event& event, RecordScratch& scratch) {
  std::visit(Overloaded{[&](BookUpdate& e) {
                          own(e.bids, scratch.bids);
                          own(e.asks, scratch.asks);
                        },
                        [&](Trades& e) { own(e.list, scratch.trades); },
                        [&](Liquidations& e) { own(e.list, scratch.liquidations); },
                        [&](AdlAlerts& e) { own(e.list, scratch.adl_alerts); },
                        [&](InsurancePools& e) { own(e.list, scratch.insurance_pools); },
                        [&](ConfigChanged& e) { own(e.traded, scratch.symbols); }, [](auto&) {}},
             event);
}

}  // namespace mlbot
