// sim::import_lobster(): a day of LOBSTER. The input: the message file, a line "---", the order-book file.

#include "fuzz/importing.h"
#include "sim/lobster_import.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  auto pieces = pieces_of(bytes, 2);
  pieces.resize(2);
  const std::string messages = put_file("X_2012-06-21_34200000_57600000_message_2.csv", pieces[0]);
  const std::string books = put_file("X_2012-06-21_34200000_57600000_orderbook_2.csv", pieces[1]);
  const std::string out = fresh_out();
  return require_whole_or_nothing(sim::import_lobster(messages, books, out), out);
}

}  // namespace soak::fuzz
