// pipeline/variables.h — ${env:NAME}, ${file:path} and ${name} in the values of a pipeline file.
//
// Errors point at the reference itself and show what the file says, never what came out of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pipeline/file.h"
#include "pipeline/yaml.h"

namespace streamops::pipeline {

class Variables {
 public:
  /// `file` holds the file's own variables, `profile` those of the chosen profile; a profile's wins.
  Variables(const yaml::Document& document, const Surroundings& surroundings, TextMap file, TextMap profile)
      : document_(document), surroundings_(surroundings), file_(std::move(file)), profile_(std::move(profile)) {}

  /// The text of a scalar with every reference put in. Errors: SO-P017 (no value), SO-P018 (malformed, or a variable
  /// that refers to itself), SO-P019 (file unreadable).
  Result<std::string> expand(const yaml::Node& scalar) const;

 private:
  Result<std::string> expand_text(std::string_view text, int depth, std::size_t& error_offset) const;
  Result<std::string> value_of(std::string_view reference, int depth) const;
  Result<std::string> variable(std::string_view name, int depth) const;

  const yaml::Document& document_;
  const Surroundings& surroundings_;
  TextMap file_;
  TextMap profile_;
};

/// True when the text holds a reference.
bool has_reference(std::string_view text);

}  // namespace streamops::pipeline
