#pragma once
// Where the runs of a proof write. Not for other rooms.

#include <soak/result.h>
#include <string>

namespace soak::prove {

// A folder for runs, each in a folder of its own below it. Runs that nobody keeps are made in memory where
// there is such a place, so that nobody waits for a disk to make durable what is removed a moment later.
class Place {
 public:
  // `keep`: the folder, made if need be, where what runs leave stays; empty: one that goes with this object.
  static Result<Place> make(const std::string& keep);
  Place(Place&& other) noexcept;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  Place& operator=(Place&&) = delete;
  ~Place();

  // Of the run of that name; absolute.
  std::string folder_of(const std::string& name) const { return path_ + "/" + name; }
  // kAlreadyExists: something stands where the run of that name would write.
  Result<void> check_unused(const std::string& name) const;
  // Removes what the run has left, unless it is kept.
  void done_with(const std::string& name) const;

 private:
  Place(std::string path, bool fleeting) : path_(std::move(path)), fleeting_(fleeting) {}
  std::string path_;
  bool fleeting_;
};

}  // namespace soak::prove
