% The seven model-driven methods straight from their formulas (docs/detectors.md), whole images at a time, to be timed
% beside model_driven_bench (bench/octave_ratio.py does so):
%   octave --no-gui model_driven.m METHOD FRAME.png...
% METHOD: top_hat, ipi, pstnn, wslcm, wsnm_stipt (4 frames), asttv_ntla (3 frames), imnn_lwec (3 frames). Prints seconds
% a frame, iterations, and the largest response.
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

% All n x n neighbours of each pixel along the third dimension; `a` has n - 1 rows and columns more than the result.
function stack = neighbours(a, n)
  [h, w] = size(a);
  stack = zeros(h - n + 1, w - n + 1, n * n);
  p = 0;
  for dy = 0:n - 1
    for dx = 0:n - 1, stack(:, :, ++p) = a(dy + (1:h - n + 1), dx + (1:w - n + 1)); end
  end
end

function b = edges(a, r)  % border pixels repeated
  [h, w] = size(a);
  b = a([ones(1, r), 1:h, h * ones(1, r)], [ones(1, r), 1:w, w * ones(1, r)]);
end

function b = mirrored(a, r)  % symmetric, the border pixel first
  [h, w] = size(a);
  b = a([r:-1:1, 1:h, h:-1:h - r + 1], [r:-1:1, 1:w, w:-1:w - r + 1]);
end

function b = zeros_around(a, r)
  b = zeros(size(a) + 2 * r);
  b(r + (1:size(a, 1)), r + (1:size(a, 2))) = a;
end

function [t, k] = wslcm(i)
  k = 0;
  [h, w] = size(i);
  i = median(neighbours(zeros_around(i, 1), 3), 3);
  g = conv2(edges(i, 1), [1, 2, 1; 2, 4, 2; 1, 2, 1] / 16, 'valid');
  t = -inf(h, w);
  for c = [5, 7, 9, 11]
    margin = c + (c - 1) / 2;
    stack = sort(neighbours(zeros_around(i, margin), c), 3, 'descend');
    top = mean(stack(:, :, 1:9), 3);
    level = top - conv2(edges(i, margin), ones(c) / c ^ 2, 'valid');
    at = @(a, dy, dx) a(c + dy * c + (1:h), c + dx * c + (1:w));
    around = tops = zeros(h, w, 8);
    cells = [-1, -1; -1, 0; -1, 1; 0, -1; 0, 1; 1, -1; 1, 0; 1, 1];
    for n = 1:8
      around(:, :, n) = at(level, cells(n, 1), cells(n, 2));
      tops(:, :, n) = at(top, cells(n, 1), cells(n, 2));
    end
    brightest = max(tops, [], 3);
    brightest(brightest == 0) = 1;
    centre = at(level, 0, 0);
    spread = max(std(around, 0, 3), 5);
    t = max(t, centre .* max(centre - max(around, [], 3), 0) ./ spread .* max(g .^ 2 ./ brightest - g, 0));
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

function [l1, l2] = structure(a)
  [gx, gy] = gradient(filter3(a, 3));
  j11 = filter3(gx .^ 2, 3); j12 = filter3(gx .* gy, 3); j22 = filter3(gy .^ 2, 3);
  d = sqrt((j11 - j22) .^ 2 + 4 * j12 .^ 2);
  l1 = (j11 + j22 + d) / 2; l2 = (j11 + j22 - d) / 2;
end

function level = range_level(a, share)
  a = a(isfinite(a));
  level = min(a) + share * (max(a) - min(a));
end

function prior = imnn_prior(i)
  stack = neighbours(mirrored(i, 3), 7);
  count = ones(size(stack));
  for a = 1:48
    for b = a + 1:49
      same = stack(:, :, a) == stack(:, :, b);
      count(:, :, a) += same; count(:, :, b) += same;
    end
  end
  entropy = -mean((stack - i) .^ 2 .* log(count / 49), 3) ./ (std(stack, 1, 3) + 0.01);
  [l1, l2] = structure(entropy);
  corner = l1 .* l2 ./ (l1 + l2 + 1e-4);
  prior = 2 * l1 .* corner ./ (l1 + corner + 1e-3);
  prior = (prior - min(prior(:))) / (max(prior(:)) - min(prior(:)));
  sums = {};
  for r = 1:4, sums{r} = conv2(mirrored(i, r), ones(2 * r + 1), 'valid'); end
  contrast = -inf(size(i));
  for r = 1:3, contrast = max(contrast, sums{1} / 9 ./ ((sums{r + 1} - sums{r}) / (8 + 8 * r))); end
  contrast(contrast == -inf | isnan(contrast)) = 2;
  [l1, l2] = structure(i .^ contrast);
  tr = l1 + l2; de = l1 .* l2;
  line = tr >= range_level(tr, 0.13) & de <= range_level(de, 0.01);
  point = tr >= range_level(tr, 0.10) & de >= range_level(de, 0.008);
  prior = prior .* (3 * point + !line);
end

% Shrinks by the singular values of the tensor before; an odd length leaves its highest frequency half empty.
function z = weighted_tsvd(y, before, threshold)
  n = size(y, 3);
  f = fft(y, [], 3); g = fft(before, [], 3);
  half = floor(n / 2) + 1;
  f(:, :, half + 1:n) = 0;
  for k = 1:half
    [u, s, v] = svd(f(:, :, k), 'econ');
    f(:, :, k) = u * diag(max(diag(s) - threshold * exp(-svd(g(:, :, k)) / 1e-4), 0)) * v';
  end
  for k = n:-1:ceil(n / 2 + 2), f(:, :, k) = conj(f(:, :, n - k + 2)); end
  z = real(ifft(f, [], 3));
end

function [t, k] = imnn_lwec(frames)
  [h, w, n] = size(frames);
  p = 15;
  rows = unique([0:p:h - p - 1, h - p]); columns = unique([0:p:w - p - 1, w - p]);
  corners = [];
  to_left = true;
  for r = rows
    across = columns;
    if to_left, across = fliplr(across); end
    to_left = !to_left;
    for c = across, corners(end + 1, :) = [r, c]; end
  end
  count = size(corners, 1);
  x = prior = zeros(p, p, count * n);
  for f = 1:n
    weights = imnn_prior(frames(:, :, f));
    for i = 1:count
      at = (f - 1) * count + i; y = corners(i, 1) + (1:p); u = corners(i, 2) + (1:p);
      x(:, :, at) = frames(y, u, f);
      prior(:, :, at) = weights(y, u);
    end
  end
  slices = size(x, 3);
  lam1 = 1e5 * 1.4 / (sqrt(p) * slices); lam2 = 50 * lam1; w = 0.001;
  alpha = [w, 1, 1] / (2 + w); orders = {[1, 2, 3], [1, 3, 2], [2, 3, 1]};
  beta = rho = 1 / 5;
  l = s = e = g = m = zeros(size(x)); weight = 1 ./ prior;
  z = multiplier = {l, l, l};
  n0 = numel(x);
  for k = 1:400
    sum_z = 0;
    for i = 1:3
      y = permute(l + multiplier{i} / beta, orders{i});
      z{i} = ipermute(weighted_tsvd(y, permute(z{i}, orders{i}), alpha(i) / beta / 1e-4), orders{i});
      sum_z += beta * (z{i} - multiplier{i} / beta);
    end
    l = (sum_z + rho * (x - s - e - g + m / rho)) / (rho + 3 * beta);
    s = max(x - l - e - g + m / rho - weight * lam1 / rho, 0);
    weight = 2 ./ (s + 0.01) ./ prior;
    q = x - l - s - g + m / rho;
    for r = 1:p
      size_r = norm(squeeze(q(r, :, :)));
      e(r, :, :) = max(1 - lam2 / (rho * max(size_r, realmin)), 0) * q(r, :, :);
    end
    g = (rho * (x - l - s - e) + m) / (2 * lam2 + rho);
    r = x - l - s - e - g;
    if norm(r(:)) / norm(x(:)) < 1e-4 || nnz(s > 0) == n0, break; end
    n0 = nnz(s > 0);
    for i = 1:3, multiplier{i} += beta * (l - z{i}); end
    m += rho * r;
    beta = min(1.5 * beta, 1e10); rho = min(1.5 * rho, 1e4);
  end
  t = zeros(size(frames));
  for f = 1:n
    for i = 1:count, t(corners(i, 1) + (1:p), corners(i, 2) + (1:p), f) = s(:, :, (f - 1) * count + i); end
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
