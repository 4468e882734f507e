// The floor for a reader of an artifact folder: opens, reads and closes every file in it, and looks at
// nothing. read_all FOLDER prints {"seconds": ..., "files": ..., "bytes": ...}.

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

namespace {

// Bytes read, or -1.
long read_to_end(int folder, const char* name, std::vector<char>& buffer) {
  const int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  long total = 0;
  ssize_t count = 0;
  while ((count = read(file, buffer.data(), buffer.size())) > 0) total += count;
  close(file);
  return count < 0 ? -1 : total;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::vector<char> buffer(1 << 20);
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(argv[1]), closedir);
  if (!folder) return 1;
  long files = 0;
  long bytes = 0;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_type == DT_DIR) continue;
    const long count = read_to_end(dirfd(folder.get()), entry->d_name, buffer);
    if (count < 0) return 1;
    bytes += count;
    ++files;
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::printf("{\"seconds\": %.6f, \"files\": %ld, \"bytes\": %ld}\n", taken.count(), files, bytes);
}
