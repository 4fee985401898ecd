# DuckDB::DuckDB from a prefix (DuckDB_ROOT, system, Homebrew, vcpkg), a flat folder such as the official zip, or the
# folder that tools/setup fills. Only the C API is used, so header and library may be of different releases.
set(MLBOT_THIRD_PARTY "$ENV{MLBOT_THIRD_PARTY}")
if(NOT MLBOT_THIRD_PARTY)
  set(MLBOT_THIRD_PARTY ${CMAKE_SOURCE_DIR}/build/third_party)
endif()
find_path(DuckDB_INCLUDE_DIR duckdb.h PATH_SUFFIXES include HINTS ${MLBOT_THIRD_PARTY}/duckdb)
find_library(DuckDB_LIBRARY duckdb PATH_SUFFIXES lib HINTS ${MLBOT_THIRD_PARTY}/duckdb)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(DuckDB
  REASON_FAILURE_MESSAGE "run tools/setup, or set DuckDB_ROOT to a folder with duckdb.h and libduckdb.so"
  REQUIRED_VARS DuckDB_LIBRARY DuckDB_INCLUDE_DIR)
if(DuckDB_FOUND AND NOT TARGET DuckDB::DuckDB)
  add_library(DuckDB::DuckDB SHARED IMPORTED)
  set_target_properties(DuckDB::DuckDB PROPERTIES
    IMPORTED_LOCATION ${DuckDB_LIBRARY} IMPORTED_NO_SONAME TRUE INTERFACE_INCLUDE_DIRECTORIES ${DuckDB_INCLUDE_DIR})
endif()
