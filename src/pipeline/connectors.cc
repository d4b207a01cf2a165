#include "pipeline/connectors.h"

#include "format/json_reader.h"

namespace streamops::pipeline {

format::RecordReaderPtr ConnectorFactory::kafka_reader(const KafkaSourceSpec& /*spec*/, const WantedColumns& wanted) {
  return std::make_unique<format::JsonReader>(wanted.columns, wanted.needed, format::JsonLimits{}, wanted.conditions);
}

}  // namespace streamops::pipeline
