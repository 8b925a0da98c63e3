#pragma once

#include <string>

namespace validate {

/// What our processors are. tools/vm.py says so of the machine that it makes, by DUMMYNET_EMULATED.
enum class Processors { unknown, virtual_ones, emulated };
Processors processors();

/// "2 × AMD EPYC, Linux 6.18"
std::string describe_machine();

}  // namespace validate
