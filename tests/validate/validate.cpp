// What our links do, held against what was asked of them, by means that know nothing of how they do it. Some minutes
// long.
//
//   validate [--emulation engine|kernel] FOLDER     writes FOLDER/fidelity.md and its pictures (`./dev validate`: docs)
//   validate --beside FILE                          the engine, then the kernel's netem, fewer figures: one page
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "validate/beside.hpp"
#include "validate/report.hpp"

namespace {

using namespace validate;

void note(const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); }

Measurements measure(Backend backend, const Selection& selection) {
  Testbed testbed{backend};
  return take_measurements(testbed, selection, note);
}

int compare(const std::string& file) {
  { const Testbed first{Backend::kernel}; }  // where there is no netem, nobody waits for the engine's figures
  note("== our engine");
  const Measurements engine = measure(Backend::engine, small_selection());
  note("== the kernel's netem");
  const Measurements netem = measure(Backend::kernel, small_selection());
  return write_beside(engine, netem, file);
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app{"What links do against what was asked of them."};
  std::string emulation = "engine", folder, page;
  app.add_option("--emulation", emulation, "who decides a packet's fate")->check(CLI::IsMember({"engine", "kernel"}));
  app.add_option("--beside", page, "hold the engine against netem, as a page in this file");
  app.add_option("FOLDER", folder, "where fidelity.md is written");
  CLI11_PARSE(app, count, arguments);
  if (folder.empty() == page.empty()) {
    std::fputs("validate: one of FOLDER and --beside FILE (validate --help)\n", stderr);
    return 2;
  }
  try {
    const Backend backend = emulation == "kernel" ? Backend::kernel : Backend::engine;
    const int misses =
        page.empty() ? write_report(measure(backend, whole_selection()), backend, folder) : compare(page);
    std::printf("%d figures missed their bounds\n", misses);
    return misses == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "validate: %s\n", error.what());
    return 3;
  }
}
