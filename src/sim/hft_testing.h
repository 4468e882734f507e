#pragma once
// Helpers that the tests of hftbacktest's files share: rows, .npy and .npz as NumPy writes them.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <cstring>
#include <string>
#include <vector>

#include "sim/hft_row.h"
#include "sim/random_walk_l2.h"

namespace soak::sim {

inline std::string raw_of(const std::vector<HftRow>& rows) {
  return {reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(HftRow)};
}

// The rows of the replay benchmark's feed.
inline std::vector<HftRow> random_walk_rows(std::uint64_t rows_max, std::uint64_t seed) {
  RandomWalkL2 walk(rows_max, seed);
  std::vector<MarketEvent> events;
  while (walk.next(events)) {
  }
  std::vector<HftRow> rows;
  for (const MarketEvent& event : events) rows.push_back(hft_row_of(event, kRandomWalkInstrument));
  return rows;
}

inline const std::string kHftDescr =
    "[('ev', '<u8'), ('exch_ts', '<i8'), ('local_ts', '<i8'), ('px', '<f8'), ('qty', '<f8'), "
    "('order_id', '<u8'), ('ival', '<i8'), ('fval', '<f8')]";

// The header's text is padded with blanks and a newline to a multiple of `align`.
inline std::string npy_header(const std::string& dictionary, int version = 1, std::size_t align = 64) {
  const std::size_t prefix = version == 1 ? 10 : 12;
  std::string text = dictionary;
  while ((prefix + text.size() + 1) % align != 0) text += ' ';
  text += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  for (std::size_t k = 0; k < prefix - 8; ++k) bytes += static_cast<char>(text.size() >> (8 * k) & 0xff);
  return bytes + text;
}

inline std::string npy_of(const std::vector<HftRow>& rows, int version = 1, std::size_t align = 64) {
  const std::string shape = fmt::format("({},)", rows.size());
  return npy_header("{'descr': " + kHftDescr + ", 'fortran_order': False, 'shape': " + shape + ", }", version,
                    align) +
         raw_of(rows);
}

struct ZipEntry {
  std::string name;
  std::string bytes;
  bool deflated = true;
};

inline void write_zip(const std::string& path, const std::vector<ZipEntry>& entries) {
  zip_t* archive = ::zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  ASSERT_NE(archive, nullptr);
  for (const ZipEntry& entry : entries) {
    zip_source_t* source = ::zip_source_buffer(archive, entry.bytes.data(), entry.bytes.size(), 0);
    const zip_int64_t index = ::zip_file_add(archive, entry.name.c_str(), source, 0);
    ASSERT_GE(index, 0);
    ASSERT_EQ(::zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                                         entry.deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0),
              0);
  }
  ASSERT_EQ(::zip_close(archive), 0);
}

}  // namespace soak::sim
