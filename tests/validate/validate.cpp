// What our links do, held against what was asked of them, by means that know nothing of the engine. Some minutes long.
//
//   usage: validate FOLDER     writes FOLDER/fidelity.md and its pictures (`./dev validate` gives docs)
#include <cstdio>
#include <exception>
#include <string>

#include "validate/report.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: validate FOLDER\n", stderr);
    return 2;
  }
  try {
    validate::Testbed testbed;
    const auto note = [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); };
    const int misses = validate::write_report(validate::take_measurements(testbed, note), arguments[1]);
    std::printf("%d figures missed their bounds; see %s/fidelity.md\n", misses, arguments[1]);
    return misses == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "validate: %s\n", error.what());
    return 3;
  }
}
