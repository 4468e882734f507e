// `soak report`: the page of one run as a file that opens offline, and its plots.

#include <fmt/format.h>

#include <memory>

#include "base/file.h"
#include "base/tool.h"
#include "cli/command.h"
#include "cli/html_report.h"
#include "cli/input.h"
#include "cli/output_file.h"
#include "cli/run_folder.h"
#include "export/plot.h"

namespace soak::cli {
namespace {

struct ReportRequest {
  FolderRequest folder;
  std::string out;
  std::string plots;  // a folder; empty: none
  bool png = false;
};

// librsvg's program draws what the SVG says; its output is a file's bytes.
Result<std::string> png_of(const std::string& svg) {
  base::ToolRun run;
  run.arguments = {"rsvg-convert", "--format", "png", "--zoom", "2"};
  run.input = svg;
  auto drawn = base::run_tool(run);
  if (!drawn) {
    Error error = drawn.error();
    if (error.code == ErrorCode::kNotFound) error.message += "; --png needs Debian's librsvg2-bin";
    return tl::unexpected(std::move(error));
  }
  if (drawn->status != 0) return fail(ErrorCode::kIoError, "rsvg-convert: " + drawn->errors);
  return std::move(drawn->output);
}

Result<std::size_t> write_plots(const ReportRequest& request) {
  const auto judged = judge_folder(request.folder);
  if (!judged) return tl::unexpected(judged.error());
  if (auto made = base::make_folders(request.plots); !made) return tl::unexpected(made.error());
  const auto plots = exporting::run_plots(judged->run, judged->profile, judged->registry);
  for (const auto& [name, svg] : plots) {
    const std::string path = request.plots + "/" + name;
    if (auto written = write_output(path, svg, request.folder.path); !written)
      return tl::unexpected(written.error());
    if (!request.png) continue;
    const auto png = png_of(svg);
    if (!png) return tl::unexpected(png.error());
    const std::string stem = path.substr(0, path.size() - std::string(".svg").size());
    if (auto written = write_output(stem + ".png", *png, request.folder.path); !written)
      return tl::unexpected(written.error());
  }
  return plots.size();
}

int run_report(const ReportRequest& request) {
  std::string said;
  if (!request.out.empty()) {
    if (const auto written = write_html_report(request.folder, request.out, false); !written)
      return report_error(written.error());
    said += fmt::format("report: {}\n", request.out);
  }
  if (!request.plots.empty()) {
    const auto count = write_plots(request);
    if (!count) return report_error(count.error());
    said += fmt::format("plots: {} in {}\n", *count, request.plots);
  }
  return print_text(said) ? kExitOk : kExitError;
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("report", "A run as one HTML file that opens offline, and as plots");
  const auto request = std::make_shared<ReportRequest>();
  add_folder_options(*command, request->folder);
  command->add_option("--out", request->out, "Write the page with the run in it to this file");
  CLI::Option* plots = command->add_option("--plots", request->plots,
                                           "Write a plot (SVG) of each KPI and parameter into this folder");
  command->add_flag("--png", request->png, "The plots as PNG, too")->needs(plots);
  command->callback([request, &exit_code] {
    if (request->out.empty() && request->plots.empty())
      throw CLI::RequiredError("--out FILE, or --plots DIR,");
    exit_code = run_report(*request);
  });
}

}  // namespace soak::cli
