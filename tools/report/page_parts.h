// The page of a report as it lies beside this file (page.html, page.css, *.js), embedded when the program is built.
#pragma once

#include <string_view>

namespace mirst {

extern const std::string_view kPageHtml;  ///< with places {{...}} for what WriteReport fills in
extern const std::string_view kPageCss;
extern const std::string_view kPageScript;  ///< all scripts, one after the other

}  // namespace mirst
