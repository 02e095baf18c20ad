#include "metrics/noise3d.h"

#include <cmath>

#include "core/error.h"

namespace mirst {
namespace {

// Sums over all axes that a mean lacks.
struct Means {
  double all = 0;
  std::vector<double> t, v, h, tv, th, vh;
};

Means MeansOf(const std::vector<Image<float>>& frames) {
  const std::size_t times = frames.size(), rows = static_cast<std::size_t>(frames.front().height()),
                    columns = static_cast<std::size_t>(frames.front().width());
  Means m;
  m.t.resize(times), m.v.resize(rows), m.h.resize(columns);
  m.tv.resize(times * rows), m.th.resize(times * columns), m.vh.resize(rows * columns);
  const auto nt = static_cast<double>(times), nv = static_cast<double>(rows), nh = static_cast<double>(columns);
  for (std::size_t t = 0; t < times; ++t) {
    for (std::size_t v = 0; v < rows; ++v) {
      for (std::size_t h = 0; h < columns; ++h) {
        const auto u = static_cast<double>(frames[t].data()[v * columns + h]);
        m.tv[t * rows + v] += u / nh;
        m.th[t * columns + h] += u / nv;
        m.vh[v * columns + h] += u / nt;
      }
      m.t[t] += m.tv[t * rows + v] / nv;
      m.v[v] += m.tv[t * rows + v] / nt;
    }
    for (std::size_t h = 0; h < columns; ++h) m.h[h] += m.th[t * columns + h] / nt;
    m.all += m.t[t] / nt;
  }
  return m;
}

}  // namespace

Noise3d AnalyseNoise3d(const std::vector<Image<float>>& frames) {
  if (frames.size() < 2) throw BadInput("three-dimensional noise needs at least 2 frames");
  const int height = frames.front().height(), width = frames.front().width();
  if (height < 2 || width < 2) throw BadInput("three-dimensional noise needs at least 2 x 2 px");
  for (const Image<float>& frame : frames) {
    if (frame.height() != height || frame.width() != width)
      throw BadInput("three-dimensional noise needs frames of one size");
  }
  const std::size_t times = frames.size(), rows = static_cast<std::size_t>(height),
                    columns = static_cast<std::size_t>(width);
  const auto nt = static_cast<double>(times), nv = static_cast<double>(rows), nh = static_cast<double>(columns);
  const Means m = MeansOf(frames);
  // Mean squares of the components as they are: sums over their own axes.
  double tvh = 0, tv = 0, th = 0, vh = 0, t2 = 0, v2 = 0, h2 = 0, total = 0;
  for (std::size_t t = 0; t < times; ++t) {
    t2 += std::pow(m.t[t] - m.all, 2) / nt;
    for (std::size_t v = 0; v < rows; ++v) {
      tv += std::pow(m.tv[t * rows + v] - m.t[t] - m.v[v] + m.all, 2) / (nt * nv);
      double row_tvh = 0, row_total = 0;
      for (std::size_t h = 0; h < columns; ++h) {
        const auto u = static_cast<double>(frames[t].data()[v * columns + h]);
        row_total += std::pow(u - m.all, 2);
        row_tvh += std::pow(
            u - m.tv[t * rows + v] - m.th[t * columns + h] - m.vh[v * columns + h] + m.t[t] + m.v[v] + m.h[h] - m.all,
            2);
      }
      tvh += row_tvh / (nt * nv * nh);
      total += row_total / (nt * nv * nh);
    }
    for (std::size_t h = 0; h < columns; ++h)
      th += std::pow(m.th[t * columns + h] - m.t[t] - m.h[h] + m.all, 2) / (nt * nh);
  }
  for (std::size_t v = 0; v < rows; ++v) {
    v2 += std::pow(m.v[v] - m.all, 2) / nv;
    for (std::size_t h = 0; h < columns; ++h)
      vh += std::pow(m.vh[v * columns + h] - m.v[v] - m.h[h] + m.all, 2) / (nv * nh);
  }
  for (std::size_t h = 0; h < columns; ++h) h2 += std::pow(m.h[h] - m.all, 2) / nh;

  // Mean squares with their degrees of freedom, and what their expectations say (random-effects model).
  const double dt = nt - 1, dv = nv - 1, dh = nh - 1;
  const double ms_tvh = tvh * nt * nv * nh / (dt * dv * dh), ms_tv = tv * nt * nv * nh / (dt * dv),
               ms_th = th * nt * nv * nh / (dt * dh), ms_vh = vh * nt * nv * nh / (dv * dh),
               ms_t = t2 * nt * nv * nh / dt, ms_v = v2 * nt * nv * nh / dv, ms_h = h2 * nt * nv * nh / dh;
  Noise3d noise;
  noise.mean = m.all;
  noise.total_variance = total;
  noise.sigma = {std::sqrt(tvh), std::sqrt(tv), std::sqrt(th), std::sqrt(vh),
                 std::sqrt(t2),  std::sqrt(v2), std::sqrt(h2)};
  noise.variance = {ms_tvh,
                    (ms_tv - ms_tvh) / nh,
                    (ms_th - ms_tvh) / nv,
                    (ms_vh - ms_tvh) / nt,
                    (ms_t - ms_tv - ms_th + ms_tvh) / (nv * nh),
                    (ms_v - ms_tv - ms_vh + ms_tvh) / (nt * nh),
                    (ms_h - ms_th - ms_vh + ms_tvh) / (nt * nv)};
  return noise;
}

}  // namespace mirst
