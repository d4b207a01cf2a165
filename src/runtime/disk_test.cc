#include "runtime/disk.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "errors/runtime.h"
#include "temporary_folder.h"

using namespace streamops;
using namespace streamops::runtime;

TEST_CASE("a file keeps what was appended, is read in parts and cut") {
  const TemporaryFolder folder;
  Disk& disk = system_disk();
  {
    const FilePtr file = disk.open(folder.path() + "/a", OpenMode::write_create).value();
    REQUIRE(file->append(as_bytes("hello ")).ok());
    REQUIRE(file->append(as_bytes("world")).ok());
    REQUIRE(file->sync().ok());
    REQUIRE(file->truncate(8).ok());
  }
  CHECK(as_text(disk.read_file(folder.path() + "/a").value()) == "hello wo");
  const FilePtr again = disk.open(folder.path() + "/a", OpenMode::read).value();
  Bytes part(100);
  CHECK(again->read_at(6, part).value() == 2);
  CHECK(disk.open(folder.path() + "/missing", OpenMode::read).error().is(errors::runtime::disk_failed));  // SO-D002
}

TEST_CASE("a full disk is SO-D001") {
  const Result<FilePtr> full = system_disk().open("/dev/full", OpenMode::write_existing);
  REQUIRE(full.ok());
  CHECK((*full)->append(as_bytes("x")).error().code() == "SO-D001");
}

TEST_CASE("replace_file leaves the new content, with its rights, and no other file") {
  const TemporaryFolder folder;
  Disk& disk = system_disk();
  REQUIRE(disk.replace_file(folder.path() + "/token", as_bytes("one"), 0600).ok());
  REQUIRE(disk.replace_file(folder.path() + "/token", as_bytes("two"), 0600).ok());
  CHECK(as_text(disk.read_file(folder.path() + "/token").value()) == "two");
  CHECK(disk.list(folder.path()).value() == std::vector<std::string>{"token"});
}

TEST_CASE("a directory is locked once, and the second is told by whom") {
  const TemporaryFolder folder;
  const auto first = DirectoryLock::take(folder.path()).value();
  const Error refused = DirectoryLock::take(folder.path()).error();
  CHECK(refused.code() == "SO-D003");
  CHECK(refused.message().find(std::to_string(::getpid())) != std::string::npos);
}
