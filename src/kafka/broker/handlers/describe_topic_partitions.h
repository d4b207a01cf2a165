// kafka/broker/handlers/describe_topic_partitions.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/describe_topic_partitions.h"

namespace streamops::kafka {

/// Tells partitions page by page. Source: KIP-966.
void handle_describe_topic_partitions(const RequestContext& context, DescribeTopicPartitionsRequest request,
                                      Responder<DescribeTopicPartitionsResponse> respond);

}  // namespace streamops::kafka
