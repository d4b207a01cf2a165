#include "kafka/broker/handlers/add_offsets_to_txn.h"

#include "kafka/broker/broker.h"
#include "kafka/broker/transactions/coordinator.h"
#include "kafka/broker/transactions/fenced.h"

namespace streamops::kafka {
namespace {

constexpr std::int16_t first_version_that_knows_fenced = 2;

}  // namespace

void handle_add_offsets_to_txn(const RequestContext& context, AddOffsetsToTxnRequest request,
                               Responder<AddOffsetsToTxnResponse> respond) {
  const bool knows_fenced = context.api_version >= first_version_that_knows_fenced;
  context.broker->transactions().add_group(request.transactional_id, {request.producer_id, request.producer_epoch},
                                           request.group_id,
                                           [knows_fenced, respond = std::move(respond)](ErrorCode error) {
                                             AddOffsetsToTxnResponse response;
                                             response.error_code = wire(fenced_as(error, knows_fenced));
                                             respond(response);
                                           });
}

}  // namespace streamops::kafka
