#include "kafka/broker/handlers/list_partition_reassignments.h"

namespace streamops::kafka {

void handle_list_partition_reassignments(const RequestContext&, ListPartitionReassignmentsRequest,
                                         Responder<ListPartitionReassignmentsResponse> respond) {
  respond(ListPartitionReassignmentsResponse());
}

}  // namespace streamops::kafka
