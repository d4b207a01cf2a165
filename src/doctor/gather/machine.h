// doctor/gather/machine.h — looks at this machine: memory and its limits, the data directory, ports, files, names; and
// at what else of the original project lies beside the pipeline file.
#pragma once

#include <string>

#include "doctor/doctor.h"

namespace streamops::doctor {

/// `root` stands before every path of the kernel's and the system's files ("" on a machine, a folder in tests).
MachineFacts gather_machine(const MachineTarget& target, const std::string& root = {});

/// Scripts and images of the folder; empty for no folder.
ProjectFacts gather_project(const std::string& folder);

}  // namespace streamops::doctor
