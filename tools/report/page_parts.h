// The page of a report as it lies beside this file (page.html, page.css, *.js) and of dygraphs, embedded when
// the program is built.
#pragma once

#include <string_view>

namespace mirst {

extern const std::string_view kPageHtml;  ///< with places {{...}} for what WriteReport fills in
extern const std::string_view kPageCss;
extern const std::string_view kPageLibrary;         ///< dygraphs, which draws the charts
extern const std::string_view kPageLibraryLicence;  ///< its licence, as text: every copy has to carry it
extern const std::string_view kPageScript;          ///< all scripts of the page itself, one after the other

}  // namespace mirst
