#include "kafka/broker/handlers.h"

#include <algorithm>
#include <utility>

#include "kafka/broker/handlers/add_offsets_to_txn.h"
#include "kafka/broker/handlers/add_partitions_to_txn.h"
#include "kafka/broker/handlers/api_versions.h"
#include "kafka/broker/handlers/create_partitions.h"
#include "kafka/broker/handlers/create_topics.h"
#include "kafka/broker/handlers/delete_groups.h"
#include "kafka/broker/handlers/delete_records.h"
#include "kafka/broker/handlers/delete_topics.h"
#include "kafka/broker/handlers/describe_cluster.h"
#include "kafka/broker/handlers/describe_configs.h"
#include "kafka/broker/handlers/describe_groups.h"
#include "kafka/broker/handlers/describe_producers.h"
#include "kafka/broker/handlers/describe_topic_partitions.h"
#include "kafka/broker/handlers/end_txn.h"
#include "kafka/broker/handlers/fetch.h"
#include "kafka/broker/handlers/find_coordinator.h"
#include "kafka/broker/handlers/heartbeat.h"
#include "kafka/broker/handlers/incremental_alter_configs.h"
#include "kafka/broker/handlers/init_producer_id.h"
#include "kafka/broker/handlers/join_group.h"
#include "kafka/broker/handlers/leave_group.h"
#include "kafka/broker/handlers/list_groups.h"
#include "kafka/broker/handlers/list_offsets.h"
#include "kafka/broker/handlers/list_partition_reassignments.h"
#include "kafka/broker/handlers/metadata.h"
#include "kafka/broker/handlers/offset_commit.h"
#include "kafka/broker/handlers/offset_delete.h"
#include "kafka/broker/handlers/offset_fetch.h"
#include "kafka/broker/handlers/offset_for_leader_epoch.h"
#include "kafka/broker/handlers/produce.h"
#include "kafka/broker/handlers/sync_group.h"
#include "kafka/broker/handlers/txn_offset_commit.h"
#include "kafka/protocol/frame.h"

namespace streamops::kafka {

namespace {

// Decodes, calls the handler, and encodes what it answers, now or later.
template <typename Request, typename Response, void (*handle)(const RequestContext&, Request, Responder<Response>)>
Result<void> serve(const RequestContext& context, Reader& body) {
  STREAMOPS_ASSIGN(Request request, Request::decode(body, context.api_version));
  // Bytes behind the last field are let be, as Kafka does: librdkafka 2.16 sends three of them with Metadata
  // version 13.
  handle(context, std::move(request),
         [answer = context.answer, version = context.api_version, correlation = context.correlation_id](
             Response response) { answer->send(encode_response(version, correlation, std::move(response))); });
  return Ok();
}

template <typename Request, typename Response, void (*handle)(const RequestContext&, Request, Responder<Response>)>
ServedApi served() {
  const ApiInfo* info = find_api(Request::api_key);
  STREAMOPS_CHECK(info != nullptr, "a served API is one that the codec knows");
  return {info->key,
          info->name,
          info->min_version,
          info->max_version,
          info->advertised_min_version,
          serve<Request, Response, handle>};
}

std::vector<ServedApi> make_list() {
  std::vector<ServedApi> list{
      served<ProduceRequest, ProduceResponse, handle_produce>(),
      served<FetchRequest, FetchResponse, handle_fetch>(),
      served<ListOffsetsRequest, ListOffsetsResponse, handle_list_offsets>(),
      served<MetadataRequest, MetadataResponse, handle_metadata>(),
      served<ApiVersionsRequest, ApiVersionsResponse, handle_api_versions>(),
      served<CreateTopicsRequest, CreateTopicsResponse, handle_create_topics>(),
      served<DeleteTopicsRequest, DeleteTopicsResponse, handle_delete_topics>(),
      served<DeleteRecordsRequest, DeleteRecordsResponse, handle_delete_records>(),
      served<InitProducerIdRequest, InitProducerIdResponse, handle_init_producer_id>(),
      served<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, handle_add_partitions_to_txn>(),
      served<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, handle_add_offsets_to_txn>(),
      served<EndTxnRequest, EndTxnResponse, handle_end_txn>(),
      served<TxnOffsetCommitRequest, TxnOffsetCommitResponse, handle_txn_offset_commit>(),
      served<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, handle_offset_for_leader_epoch>(),
      served<DescribeConfigsRequest, DescribeConfigsResponse, handle_describe_configs>(),
      served<CreatePartitionsRequest, CreatePartitionsResponse, handle_create_partitions>(),
      served<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, handle_incremental_alter_configs>(),
      served<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
             handle_list_partition_reassignments>(),
      served<DescribeClusterRequest, DescribeClusterResponse, handle_describe_cluster>(),
      served<DescribeProducersRequest, DescribeProducersResponse, handle_describe_producers>(),
      served<DeleteGroupsRequest, DeleteGroupsResponse, handle_delete_groups>(),
      served<DescribeGroupsRequest, DescribeGroupsResponse, handle_describe_groups>(),
      served<FindCoordinatorRequest, FindCoordinatorResponse, handle_find_coordinator>(),
      served<HeartbeatRequest, HeartbeatResponse, handle_heartbeat>(),
      served<JoinGroupRequest, JoinGroupResponse, handle_join_group>(),
      served<LeaveGroupRequest, LeaveGroupResponse, handle_leave_group>(),
      served<ListGroupsRequest, ListGroupsResponse, handle_list_groups>(),
      served<OffsetCommitRequest, OffsetCommitResponse, handle_offset_commit>(),
      served<OffsetDeleteRequest, OffsetDeleteResponse, handle_offset_delete>(),
      served<OffsetFetchRequest, OffsetFetchResponse, handle_offset_fetch>(),
      served<SyncGroupRequest, SyncGroupResponse, handle_sync_group>(),
      served<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, handle_describe_topic_partitions>(),
  };
  std::sort(list.begin(), list.end(), [](const ServedApi& a, const ServedApi& b) { return a.key < b.key; });
  return list;
}

}  // namespace

std::span<const ServedApi> served_apis() {
  static const std::vector<ServedApi> list = make_list();
  return list;
}

const ServedApi* find_served_api(std::int16_t key) {
  const std::span<const ServedApi> apis = served_apis();
  const auto found = std::find_if(apis.begin(), apis.end(), [key](const ServedApi& api) { return api.key == key; });
  return found == apis.end() ? nullptr : &*found;
}

}  // namespace streamops::kafka
