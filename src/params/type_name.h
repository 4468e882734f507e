#pragma once
// A parameter's type as the registry's files, --json output and the API call it. Pure.

#include <soak/params.h>

namespace soak {

inline const char* param_type_name(ParamType type) {
  switch (type) {
    case ParamType::kInteger:
      return "integer";
    case ParamType::kBoolean:
      return "boolean";
    case ParamType::kChoice:
      return "choice";
    case ParamType::kNumber:
      break;
  }
  return "number";
}

}  // namespace soak
