#include "kafka/broker/handlers/end_txn.h"

#include "kafka/broker/broker.h"
#include "kafka/broker/transactions/coordinator.h"
#include "kafka/broker/transactions/fenced.h"

namespace streamops::kafka {
namespace {

constexpr std::int16_t first_version_with_own_epoch = 5;
constexpr std::int16_t first_version_that_knows_fenced = 2;

}  // namespace

void handle_end_txn(const RequestContext& context, EndTxnRequest request, Responder<EndTxnResponse> respond) {
  const std::int16_t version = context.api_version;
  context.broker->transactions().end(request.transactional_id, {request.producer_id, request.producer_epoch},
                                     request.committed, version >= first_version_with_own_epoch,
                                     [version, respond = std::move(respond)](ErrorCode error, ProducerIdentity next) {
                                       EndTxnResponse response;
                                       response.error_code =
                                           wire(fenced_as(error, version >= first_version_that_knows_fenced));
                                       response.producer_id = next.id;
                                       response.producer_epoch = next.epoch;
                                       respond(response);
                                     });
}

}  // namespace streamops::kafka
