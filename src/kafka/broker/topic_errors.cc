#include "kafka/broker/topic_errors.h"

#include <utility>

#include "errors/kafka.h"
#include "errors/log.h"
#include "errors/runtime.h"

namespace streamops::kafka {

ErrorCode code_of(const Error& error) {
  static constexpr std::pair<const ErrorInfo*, ErrorCode> table[] = {
      {&errors::kafka::topic_unknown, ErrorCode::unknown_topic_or_partition},
      {&errors::kafka::topic_name_invalid, ErrorCode::invalid_topic_exception},
      {&errors::kafka::topic_exists, ErrorCode::topic_already_exists},
      {&errors::kafka::partitions_invalid, ErrorCode::invalid_partitions},
      {&errors::kafka::config_unknown, ErrorCode::invalid_config},
      {&errors::kafka::config_invalid, ErrorCode::invalid_config},
      {&errors::log::offset_not_in_log, ErrorCode::offset_out_of_range},
      {&errors::log::segment_damaged, ErrorCode::kafka_storage_error},
      {&errors::runtime::disk_full, ErrorCode::kafka_storage_error},
      {&errors::runtime::disk_failed, ErrorCode::kafka_storage_error},
  };
  for (const auto& [info, code] : table) {
    if (error.is(*info)) return code;
  }
  return ErrorCode::unknown_server_error;
}

}  // namespace streamops::kafka
