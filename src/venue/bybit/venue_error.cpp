#include "venue/bybit/venue_error.h"

namespace mlbot::venue::bybit {

CodeClass class_of(std::int32_t code) {
  switch (code) {
    case 0:
      return CodeClass::accepted;
    case 34040:   // trading-stop not modified
    case 110043:  // leverage not modified
    case 110025:  // position mode not modified
      return CodeClass::unchanged;
    case 10006:  // rate limit of the account
    case 10018:  // rate limit of the address
    case 10429:  // protection of the order socket
      return CodeClass::rate;
    case 10002:
      return CodeClass::time;
    case 10003:  // key
    case 10004:  // signature
    case 10005:  // permission
    case 10007:
    case 10008:  // banned
    case 10009:  // region
    case 10010:  // address not bound to the key
    case 10024:  // compliance
    case 10027:  // trading banned
    case 33004:  // key expired
      return CodeClass::auth;
    case 10019:   // restarting
    case 110063:  // settlement running
      return CodeClass::maintenance;
    case 10000:   // timeout inside the venue
    case 10016:   // server error
    case 110079:  // order is being processed
      return CodeClass::unknown;
    default:
      return CodeClass::refused;
  }
}

std::string_view to_string(CodeClass code_class) {
  switch (code_class) {
    case CodeClass::accepted:
      return "accepted";
    case CodeClass::unchanged:
      return "unchanged";
    case CodeClass::refused:
      return "refused";
    case CodeClass::rate:
      return "rate";
    case CodeClass::time:
      return "time";
    case CodeClass::auth:
      return "auth";
    case CodeClass::maintenance:
      return "maintenance";
    case CodeClass::unknown:
      break;
  }
  return "unknown";
}

}  // namespace mlbot::venue::bybit
