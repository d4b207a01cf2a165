// app/ports/group_info.h — consumer groups of the embedded broker as the console shows them. Call it on the broker's
// loop.
#pragma once

#include <vector>

#include "console/ports.h"
#include "kafka/broker/broker.h"

namespace streamops::app {

std::vector<console::GroupInfo> group_infos(kafka::Broker& broker);

}  // namespace streamops::app
