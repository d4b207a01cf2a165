// runtime/impl/asio_connection.h — one TCP or TLS connection over Asio.
//
// The Connection that users hold is a thin handle on a shared state: operations of Asio that are still under way when
// the handle is destroyed keep the state alive and find it detached. Threads: the loop's.
#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <memory>

#include "runtime/impl/asio_loop.h"
#include "runtime/network.h"

namespace streamops::runtime {

using Socket = asio::ip::tcp::socket;

/// Wraps a connected socket.
ConnectionPtr make_plain_connection(Socket socket);

/// Performs the TLS handshake (as server or client) and hands over the connection or SO-R003.
void make_tls_connection(Socket socket, const std::shared_ptr<asio::ssl::context>& context, bool is_server,
                         const std::string& server_name, bool verify, std::function<void(Result<ConnectionPtr>)> done);

/// A context with the options' certificates. Errors: SO-R003 (unreadable or wrong certificate files).
Result<std::shared_ptr<asio::ssl::context>> make_tls_context(const TlsOptions& options, bool is_server);

Endpoint to_endpoint(const asio::ip::tcp::endpoint& from);

}  // namespace streamops::runtime
