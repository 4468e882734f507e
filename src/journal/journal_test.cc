#include "journal/journal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/file.h"

namespace soak::journal {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "soak-journal-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/" + kJournalName;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static Result<void> ignore(const Record&) { return {}; }

  std::unique_ptr<Journal> open() {
    auto journal = Journal::open(path_, ignore);
    EXPECT_TRUE(journal) << journal.error().message;
    return journal ? std::move(*journal) : nullptr;
  }
  // A header and three iterations with a report each: seven records.
  void write_small_run() {
    const auto journal = open();
    ASSERT_TRUE(journal->append(RecordType::kRunHeader, {{"run_id", "r\u00e9"}}, Durability::kNow));
    for (int i = 1; i <= 3; ++i) {
      ASSERT_TRUE(
          journal->append(RecordType::kReport, {{"iteration", i}, {"text", "a\nb"}}, Durability::kLater));
      ASSERT_TRUE(journal->append(RecordType::kIteration, {{"iteration", i}}, Durability::kNow));
    }
  }
  std::string bytes() { return *base::read_file(path_); }
  void put(const std::string& text) { std::ofstream(path_, std::ios::binary | std::ios::trunc) << text; }
  struct Scan {
    std::vector<Record> records;
    bool torn = false;
    std::optional<Error> error;
  };
  Scan scan() {
    Scan result;
    auto reader = JournalReader::open(path_);
    for (;;) {
      auto record = reader->next();
      if (!record) {
        result.error = record.error();
        return result;
      }
      if (!*record) break;
      result.records.push_back(**record);
    }
    result.torn = reader->torn_tail();
    return result;
  }

  std::string folder_;
  std::string path_;
};

std::size_t lines_before(const std::string& text, std::size_t end) {
  return static_cast<std::size_t>(
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
}

TEST_F(JournalTest, GivesBackWhatWasAppended) {
  write_small_run();
  const Scan found = scan();
  ASSERT_EQ(found.records.size(), 7U);
  EXPECT_EQ(found.records[0].type, RecordType::kRunHeader);
  EXPECT_EQ(found.records[1].body, (Json{{"iteration", 1}, {"text", "a\nb"}}));
  EXPECT_EQ(found.records[6].sequence, 7);
  EXPECT_EQ(found.records[6].line, 7);
  EXPECT_FALSE(found.torn);
}

TEST_F(JournalTest, EachLineIsCanonicalJson) {
  write_small_run();
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) EXPECT_EQ(canonical_json(*parse_json(line)), line);
}

TEST_F(JournalTest, CutAtEveryByteRecoversExactlyTheCompleteRecords) {
  write_small_run();
  const std::string whole = bytes();
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    put(whole.substr(0, cut));
    const Scan found = scan();
    ASSERT_FALSE(found.error) << cut;
    ASSERT_EQ(found.records.size(), lines_before(whole, cut)) << cut;
    ASSERT_EQ(found.torn, cut != 0 && whole[cut - 1] != '\n') << cut;
  }
}

TEST_F(JournalTest, AppendAfterATornTailContinuesTheSequence) {
  write_small_run();
  const std::string whole = bytes();
  put(whole.substr(0, whole.size() - 3));
  {
    const auto journal = open();
    ASSERT_TRUE(journal->append(RecordType::kReport, {{"iteration", 3}, {"text", "a\nb"}},
                                Durability::kLater));  // matched
    ASSERT_TRUE(journal->append(RecordType::kIteration, {{"iteration", 3}}, Durability::kNow));
  }
  EXPECT_EQ(bytes(), whole);
}

TEST_F(JournalTest, FlippedBitAnywhereInTheMiddleIsDamage) {
  write_small_run();
  const std::string whole = bytes();
  const std::size_t second = whole.find('\n') + 1;
  const std::size_t third = whole.find('\n', second) + 1;
  for (std::size_t at = second; at < third; ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    put(bad);
    const Scan found = scan();
    ASSERT_TRUE(found.error) << at;
    ASSERT_EQ(found.error->code, ErrorCode::kCorrupt) << at;
    ASSERT_EQ(found.records.size(), 1U) << at;
    ASSERT_THAT(found.error->message, ::testing::HasSubstr("line 2 (byte " + std::to_string(second) + ")"))
        << at;
  }
}

TEST_F(JournalTest, DamageIsNeverRepairedByOpening) {
  write_small_run();
  std::string bad = bytes();
  bad[bad.find('\n') + 40] ^= 1;
  put(bad);
  const auto journal = Journal::open(path_, ignore);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(bytes(), bad);
}

TEST_F(JournalTest, BadLastRecordIsATornTailEvenWithItsNewline) {
  write_small_run();
  std::string bad = bytes();
  bad[bad.size() - 20] ^= 1;
  put(bad);
  const Scan found = scan();
  EXPECT_FALSE(found.error);
  EXPECT_EQ(found.records.size(), 6U);
  EXPECT_TRUE(found.torn);
}

TEST_F(JournalTest, MissingRecordIsDamage) {
  write_small_run();
  std::string text = bytes();
  const std::size_t second = text.find('\n') + 1;
  text.erase(second, text.find('\n', second) + 1 - second);
  put(text);
  const Scan found = scan();
  ASSERT_TRUE(found.error);
  EXPECT_EQ(found.error->code, ErrorCode::kCorrupt);
}

TEST_F(JournalTest, RecordOfAnUnknownTypeIsSaidAndNotSkipped) {
  write_small_run();
  std::string text = encode_record(1, RecordType::kRunHeader, Json::object());
  std::string other = encode_record(2, RecordType::kObserved, Json::object());
  put(text + other);
  ASSERT_EQ(scan().records.size(), 2U);
  EXPECT_FALSE(record_type_of("telepathy"));
}

// A journal of one record with another schema version, and a right checksum.
std::string journal_of_version(const std::string& version) {
  std::string record = encode_record(1, RecordType::kRunHeader, Json::object());
  record = record.substr(record.find("{\"body\""));
  record.resize(record.size() - 2);
  record.replace(record.find("1.1"), 3, version);
  const uLong crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(record.data()), record.size());
  return fmt::format("{{\"crc\":\"{:08x}\",\"length\":{},\"record\":{}}}\n", crc, record.size(), record);
}

TEST_F(JournalTest, AnotherMajorSchemaVersionIsRefusedNamingBoth) {
  for (const char* version : {"9.0", "0.9", "2.1", "11.1", "1", "", "one", "1.x", "-1.0"}) {
    put(journal_of_version(version));
    const Scan found = scan();
    ASSERT_TRUE(found.error) << version;
    EXPECT_EQ(found.error->code, ErrorCode::kUnsupported) << version;
    EXPECT_EQ(found.error->file, path_);
    EXPECT_THAT(found.error->message, testing::AllOf(testing::HasSubstr(fmt::format("\"{}\"", version)),
                                                     testing::HasSubstr("1.1")));
    EXPECT_EQ(Journal::open(path_, ignore).error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(bytes(), journal_of_version(version));
  }
}

TEST_F(JournalTest, AnotherMinorSchemaVersionIsRead) {
  for (const char* version : {"1.0", "1.2", "1.40"}) {
    put(journal_of_version(version));
    EXPECT_FALSE(scan().error) << version;
    EXPECT_EQ(scan().records.size(), 1U);
  }
}

TEST_F(JournalTest, SecondHeaderIsDamage) {
  put(encode_record(1, RecordType::kRunHeader, Json::object()) +
      encode_record(2, RecordType::kRunHeader, Json::object()));
  ASSERT_TRUE(scan().error);
  EXPECT_EQ(scan().error->code, ErrorCode::kCorrupt);
}

TEST_F(JournalTest, NextOfGivesOnlyTheTypeAskedFor) {
  write_small_run();
  auto reader = JournalReader::open(path_);
  std::vector<std::int64_t> sequences;
  for (auto record = reader->next_of(RecordType::kIteration); *record;
       record = reader->next_of(RecordType::kIteration)) {
    sequences.push_back((*record)->sequence);
  }
  EXPECT_THAT(sequences, ::testing::ElementsAre(3, 5, 7));
}

TEST_F(JournalTest, RecordsAfterTheLastIterationAreMatchedAndNotWrittenTwice) {
  write_small_run();
  { ASSERT_TRUE(open()->append(RecordType::kReport, {{"iteration", 4}}, Durability::kLater)); }
  const std::string before = bytes();
  const auto journal = open();
  ASSERT_NE(journal->unmatched(), nullptr);
  EXPECT_EQ(journal->unmatched()->body, (Json{{"iteration", 4}}));
  ASSERT_TRUE(journal->append(RecordType::kReport, {{"iteration", 4}}, Durability::kLater));
  EXPECT_EQ(bytes(), before);
  EXPECT_EQ(journal->unmatched(), nullptr);
}

TEST_F(JournalTest, RecordThatDiffersFromTheOneFoundIsRefused) {
  write_small_run();
  { ASSERT_TRUE(open()->append(RecordType::kReport, {{"iteration", 4}}, Durability::kLater)); }
  const auto appended = open()->append(RecordType::kReport, {{"iteration", 5}}, Durability::kLater);
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, ErrorCode::kCorrupt);
}

TEST_F(JournalTest, TwoWritersExcludeEachOther) {
  const auto first = open();
  const auto second = Journal::open(path_, ignore);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kLocked);
}

TEST_F(JournalTest, FolderInItsPlaceIsNamed) {
  std::filesystem::create_directory(path_);
  const auto journal = Journal::open(path_, ignore);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(journal.error().file, path_);
}

TEST_F(JournalTest, RecordsLargerThanAReadChunkAreWhole) {
  const Json big = {{"text", std::string(std::size_t{700'000}, 'x')}};
  {
    const auto journal = open();
    ASSERT_TRUE(journal->append(RecordType::kRunHeader, big, Durability::kNow));
    ASSERT_TRUE(journal->append(RecordType::kReport, big, Durability::kNow));
  }
  ASSERT_EQ(scan().records.size(), 2U);
  EXPECT_EQ(scan().records[1].body, big);
}

TEST_F(JournalTest, FileThatIsNoJournalIsNotCut) {
  for (const std::string& text :
       {std::string("shopping: milk"), std::string("no\nrecord\n"), std::string(9, '\0')}) {
    put(text);
    const auto journal = Journal::open(path_, ignore);
    ASSERT_FALSE(journal) << text;
    EXPECT_EQ(journal.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(bytes(), text);
  }
}

TEST_F(JournalTest, HeaderThatIsOnlyHalfThereIsCut) {
  write_small_run();
  const std::string whole = bytes();
  for (const std::size_t size : {std::size_t{1}, std::size_t{8}, std::size_t{30}}) {
    put(whole.substr(0, size));
    ASSERT_TRUE(Journal::open(path_, ignore));
    EXPECT_EQ(bytes(), "");
  }
}

TEST_F(JournalTest, FileWithAnotherNameOrBehindALinkIsNotAppendedTo) {
  const std::string other = folder_ + "/other";
  write_small_run();
  std::filesystem::rename(path_, other);
  const std::string before = *base::read_file(other);
  std::filesystem::create_hard_link(other, path_);
  ASSERT_FALSE(Journal::open(path_, ignore));
  EXPECT_EQ(Journal::open(path_, ignore).error().code, ErrorCode::kNotAFile);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(other, path_);
  ASSERT_FALSE(Journal::open(path_, ignore));
  EXPECT_EQ(Journal::open(path_, ignore).error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(*base::read_file(other), before);
}

TEST_F(JournalTest, RecordThatNoReaderWouldTakeIsNotWritten) {
  const auto journal = open();
  // Each of these bytes takes six in the canonical text.
  const auto appended = journal->append(
      RecordType::kRunHeader, {{"text", std::string(kLineBytesMax / 6 + 1, '\x01')}}, Durability::kNow);
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(std::filesystem::file_size(path_), 0U);
  EXPECT_TRUE(journal->append(RecordType::kRunHeader, {{"run_id", "r"}}, Durability::kNow));
}

TEST_F(JournalTest, LineThatIsTooLongIsNotTakenIntoMemory) {
  write_small_run();
  std::filesystem::resize_file(path_, kLineBytesMax * 4);
  auto reader = JournalReader::open(path_);
  ASSERT_TRUE(reader);
  Result<std::optional<Record>> record = reader->next();
  while (record && *record) record = reader->next();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace soak::journal
