# Does what docs/how-to/add-a-feature.md says in a copy: its block goes to the end of the price rows, the count is
# raised. cmake -DSOURCE=<root> -DTARGET=<folder> -P add_a_feature.cmake
file(READ "${SOURCE}/docs/how-to/add-a-feature.md" page)
string(FIND "${page}" "```cpp" begin)
string(SUBSTRING "${page}" ${begin} -1 page)
string(SUBSTRING "${page}" 6 -1 page)
string(FIND "${page}" "```" end)
string(SUBSTRING "${page}" 0 ${end} block)
string(STRIP "${block}" block)
string(REGEX REPLACE ",$" "" block "${block}")

file(READ "${SOURCE}/src/core/features/price_rows.h" rows)
string(FIND "${rows}" "};\n}();" last REVERSE)
string(SUBSTRING "${rows}" 0 ${last} before)
string(SUBSTRING "${rows}" ${last} -1 after)
file(WRITE "${TARGET}/core/features/price_rows.h" "${before},\n${block}${after}")

file(READ "${SOURCE}/src/domain/frame.h" frame)
string(REPLACE "feature_count = 142" "feature_count = 143" frame "${frame}")
file(WRITE "${TARGET}/domain/frame.h" "${frame}")
