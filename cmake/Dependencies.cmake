# Every third-party package in one place, with the reason for it. tools/apt-packages.txt names Debian's packages.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)                          # text of messages and files
find_package(spdlog REQUIRED)                       # log lines
find_package(yaml-cpp REQUIRED)                     # option files
find_package(nlohmann_json REQUIRED)                # manifests, annotations, results
find_package(OpenSSL REQUIRED COMPONENTS Crypto)    # SHA-256
find_package(TBB REQUIRED)                          # threads
find_package(Eigen3 REQUIRED NO_MODULE)             # rotations, small linear algebra
find_package(CLI11 REQUIRED)                        # command line
find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs videoio ml video features2d calib3d)  # TIFF, BMP, JPEG, PGM, video; drawing; random forest; registration
find_package(assimp REQUIRED)                       # 3-D model formats
find_package(embree 3 REQUIRED)                     # ray casting
find_package(PkgConfig REQUIRED)
pkg_check_modules(OPENEXR REQUIRED IMPORTED_TARGET OpenEXR)  # template files, score maps (its CMake package drags Python's Imath in)
pkg_check_modules(SPNG REQUIRED IMPORTED_TARGET spng)  # PNG of every kind, strict
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)  # grey PNG, fast; CRCs
pkg_check_modules(FFTW REQUIRED IMPORTED_TARGET fftw3)  # Fourier transforms of the model-driven detectors
pkg_check_modules(LAPACKE REQUIRED IMPORTED_TARGET lapacke)   # their eigen- and singular values
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)  # their matrix products
find_package(LibXml2 REQUIRED)                      # Pascal VOC annotations
find_package(ZLIB REQUIRED)                         # compressed MATLAB files
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)  # counter-based random numbers
find_file(DYGRAPHS_SCRIPT javascript/dygraphs/dygraph.min.js PATHS /usr/share)  # charts of the report's page, embedded in it
find_file(DYGRAPHS_STYLE javascript/dygraphs/dygraph.min.css PATHS /usr/share)
find_file(DYGRAPHS_LICENCE doc/libjs-dygraphs/copyright PATHS /usr/share)

if(NOT DYGRAPHS_SCRIPT OR NOT DYGRAPHS_STYLE OR NOT DYGRAPHS_LICENCE)
  message(FATAL_ERROR "dygraphs is missing: dygraph.min.js, dygraph.min.css and their licence come with Debian's package "
                      "libjs-dygraphs (tools/setup.sh installs it)")
endif()
if(NOT TARGET assimp::assimp)  # an older config file gives variables only
  message(FATAL_ERROR "Assimp's CMake package defines no target assimp::assimp")
endif()
