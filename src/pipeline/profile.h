// pipeline/profile.h — where a pipeline runs: the built-in profiles and the file's own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/file.h"
#include "pipeline/section_reader.h"

namespace streamops::pipeline {

/// "embedded", "live", "real".
std::optional<Profile> built_in_profile(std::string_view name);

/// The variables of profile `name`: built-in ones, with those of the file's section of that name over them.
TextMap profile_variables(const yaml::Node& root, std::string_view name);

/// Reads every profile of the file for its form and `chosen` for its values. A profile that is neither built in nor in
/// the file is a mistake (SO-P020).
Profile read_profiles(const SectionReader& file, const std::string& chosen, std::vector<std::string>& names);

}  // namespace streamops::pipeline
