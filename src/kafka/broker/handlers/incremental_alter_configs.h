// kafka/broker/handlers/incremental_alter_configs.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/incremental_alter_configs.h"

namespace streamops::kafka {

/// Changes single configs of topics. Source: KIP-339.
void handle_incremental_alter_configs(const RequestContext& context, IncrementalAlterConfigsRequest request,
                                      Responder<IncrementalAlterConfigsResponse> respond);

}  // namespace streamops::kafka
