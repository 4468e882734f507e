#include "target/sweep_columns.h"

#include <charconv>

namespace soak::target {
namespace {

struct Column {
  const char* name;
  Json::json_pointer place;  // in totals
};

std::vector<Column> make_columns() {
  std::vector<Column> columns;
  const auto add = [&](const char* name, const std::string& place) {
    columns.push_back({name, Json::json_pointer(place)});
  };
  for (const char* name : {"net_bps", "gross_bps", "fees_eff_bps", "slippage_bps", "adverse_bps",
                           "inventory_bps", "adverse_bps_p95", "slippage_bps_p95", "order_age_p95_ms",
                           "p95_latency_ms", "ws_lag_p95_ms", "cancel_ratio"}) {
    add(name, std::string("/") + name);
  }
  for (const char* name : {"maker_count", "taker_count", "maker_volume", "taker_volume"})
    add(name, std::string("/fills/") + name);
  add("maker_share_pct", "/maker_share_pct");
  add("min_interval_count", "/block_reasons/min_interval/count");
  add("min_interval_ratio", "/block_reasons/min_interval/ratio");
  add("concurrency_count", "/block_reasons/concurrency/count");
  add("concurrency_ratio", "/block_reasons/concurrency/ratio");
  add("risk_count", "/block_reasons/risk/count");
  add("risk_ratio", "/block_reasons/risk/ratio");
  add("throttle_count", "/block_reasons/throttle/count");
  add("throttle_ratio", "/block_reasons/throttle/ratio");
  add("neg_edge_drivers", "/neg_edge_drivers");
  return columns;
}

const std::vector<Column>& columns() {
  static const std::vector<Column> all = make_columns();
  return all;
}

void append_value(std::string& line, const Json& value) {
  if (value.is_null()) return;
  if (value.is_string()) {
    line += value.get_ref<const std::string&>();
  } else if (value.is_array()) {
    for (std::size_t k = 0; k < value.size(); ++k) {
      if (k > 0) line += ';';
      append_value(line, value[k]);
    }
  } else if (value.is_number_float()) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof(text), value.get<double>() + 0.0);  // no -0
    line.append(text, end.ptr);
  } else {
    line += value.dump();
  }
}

}  // namespace

const std::vector<std::string>& sweep_kpi_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Column& column : columns()) all.emplace_back(column.name);
    return all;
  }();
  return names;
}

std::string sweep_csv_header(const std::vector<std::string>& parameter_names) {
  std::string line;
  for (const auto* names : {&parameter_names, &sweep_kpi_names()}) {
    for (const std::string& name : *names) line += (line.empty() ? "" : ",") + name;
  }
  return line + "\n";
}

std::string sweep_csv_line(const SweepRow& row) {
  std::string line;
  for (const auto& [name, value] : row.params) {
    append_value(line, value);
    line += ',';
  }
  for (const Column& column : columns()) {
    append_value(line, row.totals.at(column.place));
    line += ',';
  }
  line.back() = '\n';
  return line;
}

Json sweep_json_row(const SweepRow& row) {
  Json flat = row.params;
  for (const Column& column : columns()) flat[column.name] = row.totals.at(column.place);
  return flat;
}

}  // namespace soak::target
