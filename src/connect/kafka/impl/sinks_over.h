// connect/kafka/impl/sinks_over.h — the sinks of sink.h over a producer that they may share.
#pragma once

#include <memory>
#include <string>

#include "connect/kafka/impl/topic_writer.h"
#include "connect/kafka/sink.h"

namespace streamops::connect {

std::unique_ptr<data::Sink> make_sink_over(OpenProducer open_producer, KafkaSinkOptions options, runtime::Loop& loop,
                                           std::unique_ptr<ValueFormat> values);
std::unique_ptr<data::DeadLetterSink> make_dead_letters_over(OpenProducer open_producer, std::string topic,
                                                             runtime::Loop& loop);

}  // namespace streamops::connect
