#pragma once
// Where a gate's result goes beside stdout: files for CI services, GitHub's log and summary, a chat room.

#include <soak/result.h>
#include <CLI/CLI.hpp>
#include <string>

#include "analyze/snapshot.h"
#include "gate/gate.h"

namespace soak::cli {

struct PublishRequest {
  std::string junit;             // a file; empty: none
  std::string gitlab;            // a file; empty: none
  std::string chat;              // slack or telegram; empty: none
  std::string webhook_url_file;  // for it
};
// --junit, --gitlab, --notify, --webhook-url-file.
void add_publish_options(CLI::App& command, PublishRequest& request);

// What a gate found, about which run.
struct Finding {
  const gate::GateResult& result;
  const verify::VerifyResult* verified;  // nullptr: not verified
  const analyze::Snapshot* snapshot;     // nullptr: the run could not be read
  std::string folder;
  std::string run_id;
};
// Files first; one that cannot be written keeps nobody else from being told, and its error is the answer. On
// GitHub (GITHUB_ACTIONS is "true") annotations go to stderr, and the result to the job's summary. The chat
// room is told of everything but a PASS. That, and a summary that cannot be written, are warnings: they
// change no verdict.
Result<void> publish(const PublishRequest& request, const Finding& finding);

}  // namespace soak::cli
