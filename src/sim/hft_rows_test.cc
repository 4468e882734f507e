#include "sim/hft_rows.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "sim/feed_testing.h"
#include "sim/hft_testing.h"

namespace soak::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<HftRow> some_rows(std::size_t count) {
  std::vector<HftRow> rows;
  for (std::size_t k = 0; k < count; ++k) {
    const auto n = static_cast<std::int64_t>(k);
    rows.push_back({kHftDepth | kHftExchange | kHftLocal | kHftBuy, 1000 + n, 2000 + n,
                    100.5 + static_cast<double>(k % 9), 1.5, k, -n, 0.25});
  }
  return rows;
}

struct HftRowsTest : ::testing::Test {
  Result<std::string> read_path(bool map) {
    auto opened = HftRows::open(path, {.map = map});
    if (!opened) return tl::unexpected(opened.error());
    promised = opened->row_count();
    header_bytes = opened->offset_of(0);
    pieces = 0;
    std::string all;
    for (;;) {
      auto piece = opened->next();
      if (!piece) return tl::unexpected(piece.error());
      if (piece->empty()) break;
      ++pieces;
      all.append(reinterpret_cast<const char*>(piece->data()), piece->size_bytes());
    }
    return all;
  }
  Result<std::string> read(const std::string& file, bool map = true) {
    write_bytes(path, file);
    return read_path(map);
  }
  // Of a file that must be refused, mapped or not: what the one reading says of it.
  Error refusal(const std::string& file, bool map = true) {
    auto all = read(file, map);
    EXPECT_FALSE(all.has_value());
    EXPECT_EQ(all ? path : all.error().file, path);
    return all ? Error{} : all.error();
  }
  TempFolder folder;
  std::string path = folder.file("x");
  std::uint64_t promised = 0, header_bytes = 0, pieces = 0;
};

TEST_F(HftRowsTest, GivesTheSameRowsFromEveryContainer) {
  const std::vector<HftRow> rows = some_rows(70'000);  // more than two pieces
  const std::string raw = raw_of(rows), npy = npy_of(rows);
  for (const bool map : {true, false}) {
    EXPECT_TRUE(read(raw, map).value() == raw);
    EXPECT_EQ(promised, rows.size());
    EXPECT_EQ(pieces, map ? 1U : 3U);
    EXPECT_TRUE(read(npy, map).value() == raw);
    EXPECT_EQ(promised, rows.size());
    EXPECT_EQ(header_bytes, npy.size() - raw.size());
    EXPECT_EQ(pieces, map ? 1U : 3U);
  }
  EXPECT_TRUE(read(gzip_of(raw)).value() == raw);
  EXPECT_EQ(promised, 0U);
  EXPECT_TRUE(read(zstd_of(raw)).value() == raw);
  EXPECT_TRUE(read(gzip_of(npy)).value() == raw);
  EXPECT_EQ(promised, rows.size());
  EXPECT_TRUE(read(zstd_of(npy)).value() == raw);
  for (const bool deflated : {true, false}) {
    write_zip(path, {{"data.npy", npy, deflated}});
    EXPECT_TRUE(read_path(true).value() == raw) << deflated;
    EXPECT_EQ(promised, rows.size());
  }
}

TEST_F(HftRowsTest, ReadsArraysWhoseLengthIsJustThatOfPieces) {
  for (const std::size_t count :
       {std::size_t{1}, std::size_t{32767}, std::size_t{32768}, std::size_t{65536}}) {
    const std::vector<HftRow> rows = some_rows(count);
    EXPECT_TRUE(read(gzip_of(npy_of(rows))).value() == raw_of(rows)) << count;
    EXPECT_TRUE(read(npy_of(rows), false).value() == raw_of(rows)) << count;
  }
}

TEST_F(HftRowsTest, ReadsEveryVersionAndAlignmentOfTheFormat) {
  const std::vector<HftRow> rows = some_rows(5);
  for (const int version : {1, 2, 3}) {
    for (const std::size_t align : {std::size_t{64}, std::size_t{16}, std::size_t{1}}) {
      EXPECT_TRUE(read(npy_of(rows, version, align)).value() == raw_of(rows)) << version << " " << align;
    }
  }
  const std::string other_style = npy_header(
      "{\"shape\":(5L,),\"descr\":[(\"ev\",\"<u8\"),(\"exch_ts\",\"<i8\"),"
      "(\"local_ts\",\"<i8\"),(\"px\",\"<f8\"),(\"qty\",\"<f8\"),"
      "(\"order_id\",\"<u8\"),(\"ival\",\"<i8\"),(\"fval\",\"<f8\")],"
      "\"fortran_order\":False}");
  EXPECT_TRUE(read(other_style + raw_of(rows)).value() == raw_of(rows));
}

TEST_F(HftRowsTest, AnArrayOfAnythingElseIsRefusedSayingWhatItIs) {
  const std::string rows = raw_of(some_rows(6));
  std::string big_endian = kHftDescr, renamed = kHftDescr;
  big_endian.replace(big_endian.find("<i8"), 3, ">i8");
  renamed.replace(renamed.find("px"), 2, "price");
  const auto header = [](const std::string& descr, const std::string& order, const std::string& shape) {
    return npy_header("{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }");
  };
  const std::pair<std::string, std::string> cases[] = {
      {header("'<f8'", "False", "(8, 6)"), "an array of '<f8', not of hftbacktest's events"},
      {header(big_endian, "False", "(6,)"), "('exch_ts','>i8')"},
      {header(renamed, "False", "(6,)"), "('price','<f8')"},
      {header("[('ev', '<u8')]", "False", "(48,)"), "[('ev','<u8')]"},
      {header(kHftDescr, "False", "(2, 3)"), "shape (2,3)"},
      {header(kHftDescr, "False", "()"), "shape ()"},
      {header(kHftDescr, "False", "(-6,)"), "shape (-6)"},
      {header(kHftDescr, "True", "(6,)"), "Fortran order"}};
  for (const auto& [bytes, phrase] : cases) {
    for (const bool map : {true, false}) {
      const Error error = refusal(bytes + rows, map);
      EXPECT_EQ(error.code, ErrorCode::kUnsupported) << phrase;
      EXPECT_THAT(error.message, StartsWith("offset 0: "));
      EXPECT_THAT(error.message, HasSubstr(phrase));
    }
  }
}

TEST_F(HftRowsTest, AHeaderThatIsNoneIsRefused) {
  const std::string rows = raw_of(some_rows(1));
  for (const std::string text : {"", "{", "}", "{'descr'}", "{'descr': 1, 'shape': 2}", "[1]", "{:}", "{'':}",
                                 "{'descr': ((((, 'shape'", "{'descr':'"}) {
    for (const bool map : {true, false})
      EXPECT_EQ(refusal(npy_header(text) + rows, map).code, ErrorCode::kCorrupt) << text;
  }
  std::string version = npy_of(some_rows(1));
  version[6] = 4;
  EXPECT_THAT(refusal(version).message, HasSubstr("version 4.0 of the .npy format"));
  std::string huge = npy_of(some_rows(1), 2);
  huge[11] = 0x7f;  // a header of 2 GB
  EXPECT_THAT(refusal(huge).message, HasSubstr("a .npy header of 21"));
}

TEST_F(HftRowsTest, ATornFileNamesItsOffset) {
  const std::vector<HftRow> rows = some_rows(3);
  const std::string npy = npy_of(rows), raw = raw_of(rows);
  for (const bool map : {true, false}) {
    for (std::size_t cut = 6; cut < npy.size(); cut += 11) {
      const Error error = refusal(npy.substr(0, cut), map);
      EXPECT_EQ(error.code, ErrorCode::kCorrupt);
      EXPECT_THAT(error.message, HasSubstr("torn")) << cut;
      const std::size_t named = cut < 12 ? 0 : cut;  // too short to be told from another format
      EXPECT_THAT(error.message, StartsWith(fmt::format("offset {}: ", named)));
    }
    EXPECT_THAT(refusal(raw.substr(0, 150), map).message, HasSubstr("torn at offset 128"));
    EXPECT_THAT(refusal(npy + "x", map).message,
                StartsWith(fmt::format("offset {}: bytes behind", npy.size())));
  }
  EXPECT_THAT(refusal("").message, HasSubstr("0 bytes"));
  EXPECT_THAT(refusal(gzip_of(raw.substr(0, 150))).message,
              StartsWith("offset 150: torn: it ends 22 bytes into row 3"));
  EXPECT_THAT(refusal(zstd_of(npy.substr(0, npy.size() - 64))).message,
              HasSubstr("it ends after row 2 of 3"));
  EXPECT_THAT(refusal(gzip_of(npy + "x")).message, HasSubstr("bytes behind the array of 3 rows"));
}

TEST_F(HftRowsTest, ATornCompressionIsNotTakenForTheEndOfTheArray) {
  const std::vector<HftRow> rows = some_rows(3);
  for (const std::string& packed : {gzip_of(npy_of(rows)), zstd_of(npy_of(rows)), gzip_of(raw_of(rows))}) {
    // All rows are there; what is missing is the checksum.
    EXPECT_THAT(refusal(packed.substr(0, packed.size() - 1)).message, HasSubstr("stream is torn"));
  }
}

TEST_F(HftRowsTest, OfSeveralMembersTheOneNamedDataIsRead) {
  const std::vector<HftRow> rows = some_rows(4);
  write_zip(path, {{"latency.npy", npy_of(some_rows(9))}, {"data.npy", npy_of(rows)}});
  EXPECT_TRUE(read_path(true).value() == raw_of(rows));
  write_zip(path, {{"arr_0.npy", npy_of(rows)}});
  EXPECT_TRUE(read_path(true).value() == raw_of(rows));
  write_zip(path, {{"a.npy", npy_of(rows)}, {"b.npy", npy_of(rows)}});
  const Error error = read_path(true).error();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("no data.npy in the zip archive, which holds a.npy, b.npy"));
  write_zip(path, {{"notes.txt", "x"}});
  EXPECT_THAT(read_path(true).error().message, HasSubstr("not a .npy array"));
}

TEST_F(HftRowsTest, ATornOrAlteredArchiveIsNamed) {
  write_zip(path, {{"data.npy", npy_of(some_rows(200)), false}});
  const std::string whole = base::bytes_of(path);
  for (const std::size_t cut : {whole.size() - 1, whole.size() - 30, whole.size() / 2, std::size_t{40}}) {
    const Error error = refusal(whole.substr(0, cut));
    EXPECT_EQ(error.code, ErrorCode::kCorrupt) << cut;
    EXPECT_THAT(error.message, StartsWith(fmt::format("offset {}: ", cut)));
  }
  std::string altered = whole;
  altered[whole.size() / 2] ^= 1;
  const Error error = refusal(altered);
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_THAT(error.message, HasSubstr("of data.npy: the zip archive is damaged or torn (CRC error)"));
}

// As NumPy writes every archive: sizes in 64 bits, behind fields that are full of ones.
std::string zip64_of(const std::string& name, const std::string& bytes) {
  const auto number = [](std::uint64_t value, std::size_t width) {
    return std::string(reinterpret_cast<const char*>(&value), width);
  };
  const auto crc = static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
  const std::string common = number(45, 2) + number(0, 2) + number(0, 2) + number(0, 4) + number(crc, 4) +
                             number(0xffffffff, 4) + number(0xffffffff, 4) + number(name.size(), 2);
  const std::string sizes = number(1, 2) + number(16, 2) + number(bytes.size(), 8) + number(bytes.size(), 8);
  std::string file = "PK\3\4" + common + number(sizes.size(), 2) + name + sizes + bytes;
  const std::uint64_t directory = file.size();
  file += "PK\1\2" + number(45, 2) + common + number(sizes.size(), 2) + number(0, 2) + number(0, 2) +
          number(0, 2) + number(0, 4) + number(0, 4) + name + sizes;
  const std::uint64_t directory_bytes = file.size() - directory, end = file.size();
  file += "PK\6\6" + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 4) + number(0, 4) +
          number(1, 8) + number(1, 8) + number(directory_bytes, 8) + number(directory, 8);
  file += "PK\6\7" + number(0, 4) + number(end, 8) + number(1, 4);
  return file + "PK\5\6" + number(0, 2) + number(0, 2) + number(0xffff, 2) + number(0xffff, 2) +
         number(0xffffffff, 4) + number(0xffffffff, 4) + number(0, 2);
}

TEST_F(HftRowsTest, ReadsZip64) {
  const std::vector<HftRow> rows = some_rows(4);
  auto all = read(zip64_of("data.npy", npy_of(rows)));
  ASSERT_TRUE(all) << to_line(all.error());
  EXPECT_TRUE(*all == raw_of(rows));
}

TEST_F(HftRowsTest, OtherFilesAreNamedForWhatTheyAre) {
  EXPECT_THAT(refusal("SOAKFEED" + std::string(56, '\0')).message, HasSubstr("is a .feed file already"));
  write_zip(folder.file("z"), {{"data.npy", npy_of(some_rows(1))}});
  EXPECT_THAT(refusal(gzip_of(base::bytes_of(folder.file("z")))).message,
              HasSubstr("a zip archive within another"));
  EXPECT_THAT(refusal(gzip_of(gzip_of(raw_of(some_rows(1))))).message,
              HasSubstr("a gzip stream within another"));
  EXPECT_EQ(HftRows::open(folder.file("absent")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(HftRows::open(folder.file("")).error().code, ErrorCode::kNotAFile);
}

TEST_F(HftRowsTest, DoesNotWaitAtAFifo) {
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  auto rows = HftRows::open(folder.file("pipe"));
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::kNotAFile);
}

}  // namespace
}  // namespace soak::sim
