# Run as a script when the page's sources are newer: builds web/ with Vite into the build tree and writes its files down as
# one C++ source. Needs: SOURCE (web/), DIST (where Vite writes), OUT (the C++ file), NPM.
if(NOT EXISTS ${SOURCE}/node_modules/.bin/vite)
  message(FATAL_ERROR "web/node_modules is missing: run tools/setup, then build again")
endif()
execute_process(
  COMMAND ${NPM} run --silent build -- --outDir ${DIST} --emptyOutDir --logLevel warn
  WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE status OUTPUT_VARIABLE told ERROR_VARIABLE told)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "building the page failed:\n${told}")
endif()

file(GLOB_RECURSE files RELATIVE ${DIST} ${DIST}/*)
list(SORT files)
set(arrays "")
set(rows "")
set(index 0)
foreach(file ${files})
  if(file MATCHES "\\.html$")
    set(type "text/html; charset=utf-8")
  elseif(file MATCHES "\\.js$")
    set(type "text/javascript; charset=utf-8")
  elseif(file MATCHES "\\.css$")
    set(type "text/css; charset=utf-8")
  elseif(file MATCHES "\\.svg$")
    set(type "image/svg+xml")
  else()
    message(FATAL_ERROR "the page has a file of a kind that is not known here: ${file}")
  endif()
  file(READ ${DIST}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char file_${index}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"/${file}\", \"${type}\", text(file_${index})},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT}.new
"// Written by cmake/build_page.cmake from web/.
#include \"io/web/assets.h\"

namespace mlbot::io::web {
namespace {
${arrays}
/// Without the zero that ends each array.
template <std::size_t N>
std::string_view text(const unsigned char (&bytes)[N]) {
  return {reinterpret_cast<const char*>(bytes), N - 1};
}
const Asset files[] = {
${rows}};
}  // namespace

std::span<const Asset> assets() { return files; }

}  // namespace mlbot::io::web
")
file(RENAME ${OUT}.new ${OUT})
