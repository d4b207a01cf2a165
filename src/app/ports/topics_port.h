// app/ports/topics_port.h — the console's view of topics, over the embedded broker, which lives on a loop of its own.
#pragma once

#include <memory>

#include "console/ports.h"
#include "kafka/broker/broker.h"
#include "runtime/loop.h"

namespace streamops::app {

/// `broker` and its `loop` must outlive the port and every subscription.
std::shared_ptr<console::TopicsPort> make_topics_port(kafka::Broker& broker, runtime::Loop& loop);

}  // namespace streamops::app
