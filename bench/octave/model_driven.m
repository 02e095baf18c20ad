% Five of the model-driven methods straight from their formulas (docs/detectors.md), to be timed beside model_driven_bench:
%   octave --no-gui model_driven.m METHOD FRAME.png...
% METHOD: top_hat, ipi, pstnn, wsnm_stipt (4 frames), asttv_ntla (3 frames). Prints seconds a frame, iterations, and the
% largest response.
1;

function u = shifted(a, dy, dx, fill)
  [h, w] = size(a);
  u = fill * ones(h, w);
  ys = max(1, 1 - dy):min(h, h - dy);
  xs = max(1, 1 - dx):min(w, w - dx);
  u(ys, xs) = a(ys + dy, xs + dx);
end

function t = top_hat(i)
  e = i;
  for d = -2:2, e = min(e, shifted(i, d, 0, inf)); end
  f = e;
  for d = -2:2, f = min(f, shifted(e, 0, d, inf)); end
  g = f;
  for d = -2:2, g = max(g, shifted(f, d, 0, -inf)); end
  o = g;
  for d = -2:2, o = max(o, shifted(g, 0, d, -inf)); end
  t = i - o;
end

function x = soft(a, t)
  x = sign(a) .* max(abs(a) - t, 0);
end

function [t, k] = ipi(i)
  [h, w] = size(i);
  d = [];
  for r = 0:10:h - 50
    for c = 0:10:w - 50
      d(:, end + 1) = i(r + (1:50), c + (1:50))(:);
    end
  end
  d = (d - min(d(:))) / (max(d(:)) - min(d(:)));
  lambda = 1 / sqrt(max(h, w));
  s = svd(d);
  mu = s(2);
  mu_bar = 0.005 * s(4);
  a = ao = e = eo = zeros(size(d));
  q = qo = 1;
  last = cnt = card0 = 0;
  for k = 1:1000
    ya = a + (qo - 1) / q * (a - ao);
    ye = e + (qo - 1) / q * (e - eo);
    r = (ya + ye - d) / 2;
    [u, s, v] = svd(ya - r, 'econ');
    s = diag(s);
    n = sum(s > mu / 2);
    an = u(:, 1:n) * diag(s(1:n) - mu / 2) * v(:, 1:n)';
    en = soft(ye - r, lambda * mu / 2);
    z = an + en - ya - ye;
    crit = norm([2 * (ya - an) + z, 2 * (ye - en) + z], 'fro') / (2 * max(1, norm([an, en], 'fro')));
    ao = a; a = an; eo = e; e = en;
    qn = (1 + sqrt(1 + 4 * q ^ 2)) / 2; qo = q; q = qn;
    if crit <= 1e-6, break; end
    mu = max(0.9 * mu, mu_bar);
    card = nnz(e);
    if n == last
      cnt++;
      if cnt > 10 && abs(card - card0) < 20, break; end
    else
      cnt = 0;
      card0 = card;
    end
    last = n;
    if n > 0.3 * min(size(d)), break; end
  end
  stack = nan(h, w, 25);
  used = zeros(h, w);
  p = 0;
  for r = 0:10:h - 50
    for c = 0:10:w - 50
      p++;
      patch = reshape(e(:, p), 50, 50);
      layer = mod(floor(r / 10), 5) * 5 + mod(floor(c / 10), 5) + 1;
      stack(r + (1:50), c + (1:50), layer) = patch;
    end
  end
  stack = sort(stack, 3);  % NaN last
  n = sum(!isnan(stack), 3);
  [y, x] = ndgrid(1:h, 1:w);
  low = max(1, ceil(n / 2)); high = max(1, floor(n / 2) + 1);
  t = (stack(sub2ind(size(stack), y, x, low)) + stack(sub2ind(size(stack), y, x, min(high, 25)))) / 2;
  t(n == 0) = 0;
end

function x = tsvd(x, rule)
  n = size(x, 3);
  f = fft(x, [], 3);
  for k = 1:floor(n / 2) + 1
    [u, s, v] = svd(f(:, :, k), 'econ');
    f(:, :, k) = u * diag(rule(diag(s))) * v';
    if k > 1, f(:, :, n - k + 2) = conj(f(:, :, k)); end
  end
  x = real(ifft(f, [], 3));
end

function b = filter3(a, s)
  g = exp(-[1, 0, 1] / (2 * s ^ 2));
  g /= sum(g);
  a = a([1, 1:end, end], [1, 1:end, end]);
  b = conv2(g, g, a, 'valid');
end

function [t, k] = pstnn(i)
  [h, w] = size(i);
  p = 40;
  [gx, gy] = gradient(filter3(i, 2));
  j11 = filter3(gx .^ 2, 9); j12 = filter3(gx .* gy, 9); j22 = filter3(gy .^ 2, 9);
  d = sqrt((j11 - j22) .^ 2 + 4 * j12 .^ 2);
  l1 = (j11 + j22 + d) / 2; l2 = (j11 + j22 - d) / 2;
  prior = l1 .* l2 ./ (l1 + l2) .* max(l1, l2);
  prior = (prior - min(prior(:))) / (max(prior(:)) - min(prior(:)));
  prior(isnan(prior)) = 0;
  rows = unique([0:p:h - p - 1, h - p]); columns = unique([0:p:w - p - 1, w - p]);
  x = []; weight = []; n3 = 0;
  for c = columns
    for r = rows
      n3++;
      x(:, :, n3) = i(r + (1:p), c + (1:p));
      weight(:, :, n3) = prior(r + (1:p), c + (1:p));
    end
  end
  lambda = 0.7 / sqrt(p * n3);
  s = svd(reshape(x(:), n3, []));
  n = max(1, find(s / s(1) < 0.1, 1) - 1);
  mu = 2e-3; t = y = zeros(size(x)); v = ones(size(x));
  for k = 1:500
    n0 = nnz(t > 0);
    l = tsvd(x - t - y / mu, @(s) [s(1:n); max(s(n + 1:end) - 1 / mu, 0)]);
    t = max(x - l - y / mu - v * lambda / mu, 0);
    v = n ./ (t + 0.01) ./ weight;
    r = l + t - x;
    if norm(r(:)) / norm(x(:)) < 1e-3 || (nnz(t > 0) > 0 && nnz(t > 0) == n0), break; end
    y += mu * r;
    mu = min(1.05 * mu, 1e10);
  end
end

function x = schatten(s, c)
  t = s; p = 0.8;
  for o = 1:3
    v = c ./ (t + eps);
    tau = (2 * v * (1 - p)) .^ (1 / (2 - p)) + p * v .* (2 * v * (1 - p)) .^ ((p - 1) / (2 - p));
    x = s;
    for j = 1:2, x = s - p * v .* x .^ (p - 1); end
    x(s <= tau) = 0;
    t = x;
  end
end

function n = tensor_rank(t)
  f = fft(t, [], 3);
  s = 0;
  for k = 1:size(t, 3), s += svd(f(:, :, k)) / size(t, 3); end
  n = sum(s > max(size(t)) * eps * max(s));
end

function [t, k] = wsnm_stipt(x)
  [h, w, l] = size(x);
  lambda = 5 / sqrt(max(h, w) * l); c = 5 * sqrt(h * w);
  mu = 1e-2; t = y = zeros(size(x)); v = ones(size(x)); last = 0;
  for k = 1:500
    b = tsvd(x - t - y / mu, @(s) schatten(s, c / mu));
    t = max(x - b - y / mu - v * lambda / mu, 0);
    v = 1 ./ (t + 0.01);
    r = b + t - x;
    y += mu * r;
    mu = min(1.1 * mu, 1e10);
    if norm(r(:)) / norm(x(:)) < 1e-7, break; end
    n = tensor_rank(t);
    if n == last, break; end
    last = n;
  end
end

function f = transfer(kernel, extent)
  p = zeros(extent);
  p(1:size(kernel, 1), 1:size(kernel, 2), 1:size(kernel, 3)) = kernel;
  f = fftn(circshift(p, -floor([size(kernel, 1), size(kernel, 2), size(kernel, 3)] / 2)));
end

function [t, k] = asttv_ntla(x)
  [h, w, l] = size(x);
  n = [h, w, l];
  lam = 0.01; lam2 = 10 / sqrt(max(h, w) * l); lam3 = 100; mu = 0.005;
  dx = transfer([1, -1], n); dy = transfer([1; -1], n);
  kernel = zeros(2, 2, 2); kernel(1, 1, 1) = 1; kernel(1, 1, 2) = -1;
  dz = transfer(kernel, n);
  il = 1 ./ (abs(dx) .^ 2 + abs(dy) .^ 2 + abs(dz) .^ 2 + 2);
  b = z = rand(n);
  t = g = d1 = d3 = d4 = d5 = v1 = v2 = v3 = zeros(n);
  for k = 1:100
    fz = fft(z, [], 3); fb = fft(b, [], 3);
    for s = 1:floor(l / 2) + 1
      old = svd(fz(:, :, s));
      [u, q, v] = svd(fb(:, :, s), 'econ');
      fb(:, :, s) = u * diag(max(diag(q) - exp(-old / 1e-6) / 1e-6 / mu, 0)) * v';
      if s > 1, fb(:, :, l - s + 2) = conj(fb(:, :, s)); end
    end
    z = real(ifft(fb, [], 3));
    fx = il .* (fftn(x - t - g + z + d1 / mu) + conj(dx) .* fftn(v1 + d3 / mu) + conj(dy) .* fftn(v2 + d4 / mu) + ...
                conj(dz) .* fftn(v3 + d5 / mu));
    b = real(ifftn(fx));
    t = soft(x - b + d1 / mu - g, lam2 / mu);
    g1 = real(ifftn(dx .* fx)); g2 = real(ifftn(dy .* fx)); g3 = real(ifftn(dz .* fx));
    v1 = soft(g1 - d3 / mu, lam / mu); v2 = soft(g2 - d4 / mu, lam / mu); v3 = soft(g3 - d5 / mu, 1.25 * lam / mu);
    g = (mu * (x - b - t) + d1) / (mu + 2 * lam3);
    r = x - b - t - g;
    d1 += mu * r; d3 += mu * (v1 - g1); d4 += mu * (v2 - g2); d5 += mu * (v3 - g3);
    mu = min(1.2 * mu, 1e6);
    if norm(r(:)) / norm(x(:)) < 1e-6, break; end
  end
end

arguments = argv();
method = arguments{1};
x = [];
for i = 2:numel(arguments), x(:, :, i - 1) = double(imread(arguments{i})); end
k = 0;
start = tic();
if strcmp(method, 'top_hat')
  repeats = 20;
  for i = 1:repeats, t = top_hat(x); end
else
  repeats = 1;
  [t, k] = feval(method, x);
end
printf('%s %.5f s/frame, %d iterations, largest %.6f\n', method, toc(start) / repeats / size(x, 3), k, max(t(:)));
