#!/usr/bin/env python3
"""The source of a protocol with one step taken out: `leave_out.py STEP SOURCE.cc OUT.cc`, or `leave_out.py --list SOURCE.cc`.

Each step is an edit of src/base/atomic_file.cc or src/journal/journal.cc that must fit exactly once, so the production code carries no
switch, and a change there that an edit no longer fits is told at build time. CMakeLists.txt links each result into a `soak` of its own,
and apply_controls_test.py and run_controls_test.py expect the suite to fail with it.
"""
import pathlib
import sys

STEPS = {
    "file_fsync": ("if (done && ::fsync(descriptor.get()) != 0)", "if (false)"),
    "folder_fsync": ("if (::fsync(folder.get()) != 0)", "if (false)"),
    "lock": ("while (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {", "while (false) {"),
    "random_name": ("place.name) + random_suffix();", 'place.name) + "0123456789abcdef";'),
    "exclusive_temp": ("O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC", "O_WRONLY | O_CREAT | O_CLOEXEC"),
    "read_back": ("if (now->hash != sha256_hex(bytes))", "if (false)"),
    "hash_compare": ("if (options.expected_hash && *options.expected_hash != current->hash) {", "if (false) {"),
    "hard_link_refusal": ("if (current.status.st_nlink > 1) {", "if (false) {"),
    "link_resolution": ("if (seen && S_ISLNK(status.st_mode)) {", "if (false) {"),
    "stale_temps": ("if (options.remove_stale_temps) remove_stale_temps(", "if (false) remove_stale_temps("),
    "owner": ("if (::fchown(descriptor.get(), current.status.st_uid, current.status.st_gid) != 0) {", "if (false) {"),
    "mode": ("if (::fchmod(descriptor.get(), current.status.st_mode & 07777) != 0) {", "if (false) {"),
    "private_new_file": ("O_NOFOLLOW | O_CLOEXEC, 0600));\n  if (!descriptor.valid())\n    return tl::unexpected(error_from_errno(errno, \"cannot create a temp",
                         "O_NOFOLLOW | O_CLOEXEC, 0644));\n  if (!descriptor.valid())\n    return tl::unexpected(error_from_errno(errno, \"cannot create a temp"),
    "checked_close": ("if (done && descriptor.close() != 0)", "if (done) static_cast<void>(descriptor.close());\n  if (false)"),
    "removal_after_an_error": ("  if (done) return temp;\n  ::unlinkat(folder, temp.c_str(), 0);", "  if (done) return temp;"),
    "look_after_a_failed_rename": ("if (now && now->hash == old_hash)", "if (true)"),
    "unknown_outcome": ("return tl::unexpected(unknown_outcome(\"the folder could not be made durable\", *place));",
                        "return tl::unexpected(error_from_errno(errno, \"cannot make the folder durable\", place->path()));"),
    "durable_no_op": ("if (durable(file.get()) && (!folder.valid() || durable(folder.get()))) return {};", "return {};"),
    "atomic_rename": ("if (::renameat(folder.get(), temp->c_str(), folder.get(), place->name.c_str()) != 0) {",
                      "const Descriptor in_place(::openat(folder.get(), place->name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));\n"
                      "  ::unlinkat(folder.get(), temp->c_str(), 0);\n"
                      "  if (!write_all(in_place.get(), bytes, path)) {"),
}
JOURNAL_STEPS = {
    "journal_fdatasync": ("if (::fdatasync(descriptor_.get()) != 0) {", "if (false) {"),
    "journal_from_disk": ("static_cast<void>(::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_DONTNEED));", ""),
    "journal_cut": ("if (::ftruncate(descriptor_.get(), static_cast<off_t>(written_bytes_)) != 0)", "if (false)"),
}
OF_SOURCE = {"atomic_file.cc": STEPS, "journal.cc": JOURNAL_STEPS}


def without(step, source):
    old, new = {**STEPS, **JOURNAL_STEPS}[step]
    if source.count(old) != 1:
        raise SystemExit(f"leave_out.py: {step}: its text is {source.count(old)} times in the source, not once; bring STEPS up to date:\n{old}")
    return f"// Made by tests/fault/leave_out.py: without {step}.\n" + source.replace(old, new)


def main():
    if sys.argv[1] == "--list":
        print(";".join(OF_SOURCE[pathlib.Path(sys.argv[2]).name]))
        return
    step, source, out = sys.argv[1:]
    pathlib.Path(out).write_text(without(step, pathlib.Path(source).read_text()))


if __name__ == "__main__":
    main()
