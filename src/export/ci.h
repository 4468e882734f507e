#pragma once
// A gate's result in the forms that CI services and chat rooms read. Pure.

#include <string>

#include "gate/gate.h"
#include "verify/verify.h"

namespace soak::exporting {

// GitHub's workflow commands, a line each: an error for each reason of a FAIL and each failed delivery, a
// warning for each of the gate's. GitHub shows ten of a kind a step: of more, the tenth says how many.
// docs.github.com/actions/reference/workflow-commands-for-github-actions
std::string github_annotations(const gate::GateResult& result, const verify::VerifyResult* verified);

// GitLab's Code Quality report (docs.gitlab.com/ci/testing/code_quality, a JSON list): an issue for each
// failed check, each failed delivery and each reason of an INCONCLUSIVE. `folder` is the path that each
// points to. A fingerprint stays the same as long as the finding does.
std::string gitlab_code_quality(const gate::GateResult& result, const verify::VerifyResult* verified,
                                const std::string& folder);

enum class ChatService { kSlack, kTelegram };

// The JSON body of a message: verdict, run and the reasons (five at most).
std::string chat_message(ChatService service, const gate::GateResult& result, const std::string& run_id);

}  // namespace soak::exporting
