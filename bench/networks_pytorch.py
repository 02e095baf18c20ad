#!/usr/bin/python3
"""Six of the baseline networks in eager PyTorch, written from their descriptions: the yardstick of networks_bench.

Times a forward pass in evaluation mode (256 x 256 px, batch 1) and a training step (forward, the network's own loss,
backward; UIU-Net's batch is 2), on two threads. With --beside it runs mirst's benchmark of the same network right after
each and prints both as a table. The number of parameters of each network is checked against the published one.

ISNet is left out: its deformable convolution is no part of PyTorch. SSTNet has no training step here: its assignment of
boxes is a program of its own.

Needs Debian's python3-torch; nothing else of mirst does.
"""
import argparse
import json
import os
import subprocess

import torch
import torch.nn.functional as F
from torch import nn

from pstfnet_pytorch import Block, milliseconds, soft_iou_loss


def conv_bn(ci, co, kernel=3, activation=nn.ReLU, stride=1, bias=True, dilation=1, **norm):
    padding = dilation * (kernel // 2)
    layers = [nn.Conv2d(ci, co, kernel, stride, padding, dilation, bias=bias), nn.BatchNorm2d(co, **norm)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def enlarge(x, size, corners):
    return F.interpolate(x, size, mode="bilinear", align_corners=corners)


def twice(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


# ---- RDIAN

class ReceptiveBlock(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.layers = nn.Sequential(conv_bn(32, 16, kernel, nn.LeakyReLU, bias=False),
                                    conv_bn(16, 32, kernel, nn.LeakyReLU, bias=False))

    def forward(self, x):
        return self.layers(x) + x


class Rdian(nn.Module):
    parameters_published, shape = 216758, (1, 1, 256, 256)

    def __init__(self):
        super().__init__()
        kernels = torch.zeros(8, 1, 5, 5)
        kernels[:, :, 2, 2] = 1
        for k, place in enumerate([(0, 0), (0, 2), (0, 4), (2, 4), (4, 4), (4, 2), (4, 0), (2, 0)]):
            kernels[k, 0][place] = -1
        self.directions = nn.ParameterList(nn.Parameter(k[None], requires_grad=False) for k in kernels)
        self.conv1 = conv_bn(1, 16, 3, nn.LeakyReLU, bias=False)
        self.conv2 = conv_bn(16, 32, 3, nn.LeakyReLU, 2, bias=False)
        self.branches = nn.ModuleList(nn.Sequential(*(ReceptiveBlock(k) for _ in range(1 if k == 1 else 2)))
                                      for k in (1, 3, 5, 7))
        self.cat = conv_bn(128, 32, 3, nn.LeakyReLU, bias=False)
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(32, 1), nn.ReLU(), nn.Linear(1, 32))
        self.spatial = conv_bn(2, 1, 7, nn.Sigmoid, bias=False, momentum=0.01)
        self.residual = conv_bn(16, 32, 1, nn.LeakyReLU, bias=False)
        self.head = nn.Sequential(conv_bn(32, 8, 3, nn.ReLU, bias=False), nn.Dropout(0.1), nn.Conv2d(8, 1, 1))

    def forward(self, image):
        d = [F.conv2d(image, kernel, padding=2) for kernel in self.directions]
        weight = torch.sigmoid(sum(d[k] * d[k + 4] for k in range(4)))
        shallow = self.conv1(image)
        x = self.conv2(shallow + shallow * weight)
        x = self.cat(torch.cat([branch(x) for branch in self.branches], 1))
        gate = torch.sigmoid(self.mlp(F.adaptive_avg_pool2d(x, 1)) + self.mlp(F.adaptive_max_pool2d(x, 1)))
        x = x * gate[:, :, None, None]
        x = x * self.spatial(torch.cat([x.max(1, keepdim=True)[0], x.mean(1, keepdim=True)], 1))
        return self.head(F.relu(enlarge(x, image.shape[2:], False) + self.residual(shallow)))

    def loss(self, image, masks):
        return soft_iou_loss(self(image), masks)


# ---- DNANet

def cbam_block(ci, co):
    return Block(ci, co, cbam=True, reduction=16)


class Nested(nn.Module):
    """Nested U: a node (level, step) sees all before it of its level, the one below enlarged and the one above reduced."""
    channels, blocks = (16, 32, 64, 128, 256), (1, 2, 2, 2, 2)

    def __init__(self):
        super().__init__()
        c = self.channels
        self.nodes = nn.ModuleDict()
        for level, step in ((level, step) for level in range(5) for step in range(5 - level)):
            above = c[level - 1] if level else 0
            ci = step * c[level] + c[level + 1] + above if step else above or 3
            first = cbam_block(ci, c[level])
            rest = [cbam_block(c[level], c[level]) for _ in range(self.blocks[level] - 1)]
            self.nodes[f"{level}{step}"] = nn.Sequential(first, *rest)
        self.reduce = nn.ModuleList(nn.Conv2d(ci, 16, 1) for ci in c[:0:-1])
        self.fuse = cbam_block(80, 16)

    def walk(self, image, levels):
        x = {}
        for deepest in range(levels):
            x[deepest, 0] = self.nodes[f"{deepest}0"](F.max_pool2d(x[deepest - 1, 0], 2) if deepest else image)
            for step in range(1, deepest + 1):
                level = deepest - step
                seen = [x[level, s] for s in range(step)] + [twice(x[level + 1, step - 1])]
                if level:
                    seen.append(F.interpolate(x[level - 1, step], scale_factor=0.5, mode="bilinear", align_corners=True))
                x[level, step] = self.nodes[f"{level}{step}"](torch.cat(seen, 1))
        return x


class Dnanet(Nested):
    parameters_published, shape = 4696888, (1, 3, 256, 256)

    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList(nn.Conv2d(16, 1, 1) for _ in range(4))

    def forward(self, image):
        x = self.walk(image, 5)
        deep = [enlarge(conv(x[level, 4 - level]), image.shape[2:], True)
                for conv, level in zip(self.reduce, (4, 3, 2, 1))]
        fused = self.fuse(torch.cat(deep + [x[0, 4]], 1))
        return [head(m) for head, m in zip(self.heads, (x[0, 1], x[0, 2], x[0, 3], fused))]

    def loss(self, image, masks):
        return sum(soft_iou_loss(logits, masks, over_batch=True) for logits in self(image)) / 4


# ---- UIU-Net

def up_to(x, other):
    return enlarge(x, other.shape[2:], False)


class Rsu(nn.Module):
    """A U in a residual block; depth 0: without pooling, by dilations."""

    def __init__(self, depth, ci, cm, co):
        super().__init__()
        self.inlet = conv_bn(ci, co)
        if depth:
            self.down = nn.ModuleList(conv_bn(co if k == 0 else cm, cm) for k in range(depth - 1))
            self.bottom = conv_bn(cm, cm, dilation=2)
            self.up = nn.ModuleList(conv_bn(2 * cm, co if k == 0 else cm) for k in range(depth - 1))
        else:
            self.down = nn.ModuleList(conv_bn(co if k == 0 else cm, cm, dilation=2 ** k) for k in range(3))
            self.bottom = conv_bn(cm, cm, dilation=8)
            self.up = nn.ModuleList(conv_bn(2 * cm, co if k == 0 else cm, dilation=2 ** k) for k in range(3))
        self.pools = depth > 0

    def forward(self, x):
        x = self.inlet(x)
        seen = []
        for down in self.down:
            y = seen[-1] if seen else x
            seen.append(down(F.max_pool2d(y, 2, 2, ceil_mode=True) if seen and self.pools else y))
        y = self.bottom(seen[-1])
        for up, finer in zip(reversed(self.up), reversed(seen)):
            y = up(torch.cat([up_to(y, finer) if y.shape != finer.shape else y, finer], 1))
        return y + x


class Interaction(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.high = conv_bn(c, c, 1)
        self.top_down = nn.Sequential(conv_bn(c, c // 4, 1), conv_bn(c // 4, c, 1, nn.Sigmoid))
        self.bottom_up, self.spatial = conv_bn(c, c // 4, 1), nn.Conv2d(2, 1, 3, padding=1, bias=False)
        self.post = conv_bn(c, c)

    def forward(self, high, low):
        high = self.high(high)
        down = self.top_down(F.adaptive_avg_pool2d(high, 1))
        y = self.bottom_up(low * down)
        up = torch.sigmoid(self.spatial(torch.cat([y.mean(1, keepdim=True), y.max(1, keepdim=True)[0]], 1)))
        return torch.cat([self.post(2 * low * down), self.post(2 * high * up)], 1)


class Uiunet(nn.Module):
    parameters_published, shape = 50541461, (1, 3, 256, 256)
    batch = 2

    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList([Rsu(7, 3, 32, 64), Rsu(6, 64, 32, 128), Rsu(5, 128, 64, 256),
                                      Rsu(4, 256, 128, 512), Rsu(0, 512, 256, 512), Rsu(0, 512, 256, 512)])
        self.fuse = nn.ModuleList(Interaction(c) for c in (512, 512, 256, 128))
        self.decoder = nn.ModuleList([Rsu(0, 1024, 256, 512), Rsu(4, 1024, 128, 256), Rsu(5, 512, 64, 128),
                                      Rsu(6, 256, 32, 64), Rsu(7, 128, 16, 64)])
        self.sides = nn.ModuleList(nn.Conv2d(c, 1, 3, padding=1) for c in (64, 64, 128, 256, 512, 512))
        self.out = nn.Conv2d(6, 1, 1)

    def forward(self, image):
        levels, x = [], image
        for stage in self.encoder:
            x = stage(F.max_pool2d(x, 2, 2, ceil_mode=True) if levels else x)
            levels.append(x)
        decoded = [x]
        for k, stage in enumerate(self.decoder):
            finer = levels[4 - k]
            x = up_to(x, finer)
            x = stage(self.fuse[k](x, finer) if k < 4 else torch.cat([x, finer], 1))
            decoded.insert(0, x)
        sides = [side(x) for side, x in zip(self.sides, decoded)]
        sides = sides[:1] + [up_to(side, sides[0]) for side in sides[1:]]
        return [torch.sigmoid(x) for x in [self.out(torch.cat(sides, 1))] + sides]

    def loss(self, image, masks):
        return sum(F.binary_cross_entropy(p, masks) for p in self(image))


# ---- DTUM

def direction(indices, width):
    column, row = indices % width, torch.div(indices, width, rounding_mode="floor")
    return (column % 2 + 2 * (row % 2)).float() - 1.5


class Dtum(nn.Module):
    def __init__(self, c=32):
        super().__init__()
        self.bn0 = nn.BatchNorm3d(c)
        conv = lambda ci, padding=2: nn.Conv3d(ci, c, (5, 1, 1), padding=(padding, 0, 0))
        self.convs = nn.ModuleList(conv(c) for _ in range(4))
        self.norms = nn.ModuleList(nn.BatchNorm3d(c) for _ in range(4))
        self.up_convs = nn.ModuleList([conv(2 * c, 0), conv(2 * c), conv(2 * c)])
        self.up_norms = nn.ModuleList(nn.BatchNorm3d(c) for _ in range(3))
        self.final = nn.Sequential(nn.Conv3d(2 * c, c, (1, 3, 3), padding=(0, 1, 1)), nn.BatchNorm3d(c), nn.ReLU(),
                                   nn.Dropout3d(0.5), nn.Conv3d(c, 1, 1))

    def forward(self, features):
        x = F.relu(self.bn0(features))
        levels = [F.relu(self.norms[0](self.convs[0](x)))]
        for conv, norm in zip(self.convs[1:], self.norms[1:]):
            pooled, indices = F.max_pool3d(levels[-1], (1, 2, 2), return_indices=True)
            levels.append(F.relu(norm(conv(pooled * direction(indices, levels[-1].shape[4])).abs())))
        y = levels[3]
        for k in (2, 1, 0):
            y = torch.cat([F.interpolate(y, scale_factor=(1, 2, 2), mode="nearest"), levels[k]], 1)
            y = F.relu(self.up_norms[k](self.up_convs[k](y)))
            if k == 1:
                y = y.detach()
        return self.final(torch.cat([y, x[:, :, -1:]], 1))


class OverFrames(nn.Module):
    """A network of single frames, then DTUM over the features of five."""
    shape = (1, 3, 5, 256, 256)

    def __init__(self, over_batch, smooth):
        super().__init__()
        self.dtum, self.over_batch, self.smooth = Dtum(), over_batch, smooth

    def forward(self, frames):
        return self.dtum(torch.stack([self.encode(frames[:, :, t]) for t in range(5)], 2))

    def next_frame(self, image, kept):
        return self.dtum(torch.cat([kept, self.encode(image)[:, :, None]], 2))

    def loss(self, frames, masks):
        return soft_iou_loss(self(frames)[:, :, 0], masks, self.smooth, self.over_batch)


def residual_block(ci, co):
    return Block(ci, co, cbam=False)


class ResunetDtum(OverFrames):
    parameters_published = 298305

    def __init__(self):
        super().__init__(over_batch=True, smooth=1)
        self.down = nn.ModuleList([residual_block(3, 8)] + [
            nn.Sequential(residual_block(c, 2 * c), residual_block(2 * c, 2 * c)) for c in (8, 16, 32)])
        self.up = nn.ModuleList(residual_block(3 * c, c) for c in (32, 16, 8))
        self.out = nn.Conv2d(8, 32, 1)

    def encode(self, image):
        levels = []
        for stage in self.down:
            levels.append(stage(F.max_pool2d(levels[-1], 2) if levels else image))
        x = levels[3]
        for stage, finer in zip(self.up, levels[2::-1]):
            x = stage(torch.cat([finer, twice(x)], 1))
        return self.out(x)


class DnanetDtum(OverFrames):
    parameters_published = 4767861

    def __init__(self):
        super().__init__(over_batch=False, smooth=0)
        self.nested, self.out = Nested(), nn.Conv2d(16, 32, 1)

    def encode(self, image):
        return self.out(self.nested.walk(image, 4)[0, 3])


# ---- SSTNet, without what only training uses

def silu(ci, co, kernel, stride=1, activation=nn.SiLU):
    return conv_bn(ci, co, kernel, activation, stride, bias=False, eps=1e-3, momentum=0.03)


class Csp(nn.Module):
    def __init__(self, ci, co, blocks, shortcut):
        super().__init__()
        h = co // 2
        self.a, self.b, self.out, self.shortcut = silu(ci, h, 1), silu(ci, h, 1), silu(co, co, 1), shortcut
        self.blocks = nn.ModuleList(nn.Sequential(silu(h, h, 1), silu(h, h, 3)) for _ in range(blocks))

    def forward(self, x):
        a = self.a(x)
        for block in self.blocks:
            a = block(a) + a if self.shortcut else block(a)
        return self.out(torch.cat([a, self.b(x)], 1))


class Sstnet(nn.Module):
    parameters_published, shape = 11949003, (1, 3, 5, 256, 256)

    def __init__(self):
        super().__init__()
        self.dark1, self.dark2 = silu(12, 32, 3), nn.Sequential(silu(32, 64, 3, 2), Csp(64, 64, 1, True))
        self.dark3 = nn.Sequential(silu(64, 128, 3, 2), Csp(128, 128, 3, True))
        self.dark4 = nn.Sequential(silu(128, 256, 3, 2), Csp(256, 256, 3, True))
        self.dark5, self.spp_in, self.spp_out = silu(256, 512, 3, 2), silu(512, 256, 1), silu(1024, 512, 1)
        self.dark5_out = Csp(512, 512, 1, False)
        self.p5, self.csp4, self.p4, self.csp3 = silu(512, 256, 1), Csp(512, 256, 1, False), silu(256, 128, 1), Csp(
            256, 128, 1, False)
        pair = lambda ci, co: nn.Sequential(silu(ci, co, 3), silu(co, 128, 3))
        self.ref = nn.Sequential(silu(512, 256, 3), silu(256, 128, 3, activation=nn.Sigmoid))
        self.cur, self.mix, self.gl, self.gl_mix, self.final = pair(128, 128), pair(256, 256), pair(256, 256), pair(
            128, 128), pair(256, 256)
        self.weight = nn.ParameterList(nn.Parameter(torch.full((1,), 0.25)) for _ in range(5))
        self.stem = silu(128, 256, 1)
        tower = lambda: nn.Sequential(silu(256, 256, 3), silu(256, 256, 3))
        self.cls, self.reg = tower(), tower()
        self.cls_out, self.reg_out, self.obj_out = nn.Conv2d(256, 1, 1), nn.Conv2d(256, 4, 1), nn.Conv2d(256, 1, 1)

    def encode(self, x):
        x = torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)
        d3 = self.dark3(self.dark2(self.dark1(x)))
        d4 = self.dark4(d3)
        y = self.spp_in(self.dark5(d4))
        y = torch.cat([y] + [F.max_pool2d(y, k, 1, k // 2) for k in (5, 9, 13)], 1)
        y = self.p5(self.dark5_out(self.spp_out(y)))
        y = self.p4(self.csp4(torch.cat([F.interpolate(y, scale_factor=2), d4], 1)))
        return self.csp3(torch.cat([F.interpolate(y, scale_factor=2), d3], 1))

    def forward(self, frames):
        f = [self.encode(frames[:, :, t]) for t in range(5)]
        c = self.mix(torch.cat([self.cur(self.ref(torch.cat(f[:4], 1)) * f[4]), f[4]], 1))
        g = self.gl_mix(sum(self.weight[i] * self.gl(torch.cat([f[i], f[4]], 1)) for i in range(4)))
        x = self.stem(self.final(torch.cat([g, c], 1)))
        reg = self.reg(x)
        return torch.cat([self.reg_out(reg), self.obj_out(reg), self.cls_out(self.cls(x))], 1)


NETWORKS = {"rdian": Rdian, "dnanet": Dnanet, "uiunet": Uiunet, "sstnet": Sstnet, "resunet_dtum": ResunetDtum,
            "dnanet_dtum": DnanetDtum}


def eager_times(name, repetitions, train):
    network = NETWORKS[name]()
    parameters = sum(p.numel() for p in network.parameters())
    assert parameters == network.parameters_published, (name, parameters)
    frames = torch.rand(network.shape)
    network.eval()
    times = {}
    with torch.no_grad():
        times["Forward"] = milliseconds(lambda: network(frames), repetitions)["least_ms"]
        if isinstance(network, OverFrames):
            kept = torch.rand(1, 32, 4, 256, 256)
            next_frame = milliseconds(lambda: network.next_frame(frames[:, :, 0], kept), repetitions)
            times["NextFrame"] = next_frame["least_ms"]
    if train and hasattr(network, "loss"):
        network.train()
        batch = getattr(network, "batch", 1)
        frames = torch.rand((batch,) + network.shape[1:])
        masks = torch.zeros(batch, 1, 256, 256)
        masks[:, :, 60:64, 100:104] = 1

        def step():
            network.zero_grad()
            network.loss(frames, masks).backward()

        times["TrainingStep"] = milliseconds(step, max(1, repetitions // 2))["least_ms"]
    return times


def mirst_times(program, name, threads, repetitions):
    pattern = f"BM_(Forward|NextFrame|TrainingStep)/{name}/threads:{threads}/"
    out = subprocess.run([program, f"--benchmark_filter={pattern}", "--benchmark_format=json", "--benchmark_min_time=0.05",
                          f"--benchmark_repetitions={repetitions}"], check=True, stdout=subprocess.PIPE).stdout
    times = {}
    for run in json.loads(out)["benchmarks"]:
        if run["run_type"] == "iteration":
            kind = run["name"].split("/")[0].removeprefix("BM_")
            times[kind] = min(times.get(kind, float("inf")), run["real_time"])
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", help="some of " + ", ".join(NETWORKS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--train", action="store_true", help="also time training steps")
    parser.add_argument("--beside", metavar="PROGRAM", help="build/bench/networks_bench, to run beside")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    print(f"load {os.getloadavg()[0]:.1f}, {arguments.threads} threads, PyTorch {torch.__version__}, least of "
          f"{arguments.repetitions} runs, ms\n")
    print("| network | | mirst | eager | mirst / eager |\n|---|---|---|---|---|")
    for name in arguments.networks or NETWORKS:
        eager = eager_times(name, arguments.repetitions, arguments.train)
        own = mirst_times(arguments.beside, name, arguments.threads, arguments.repetitions) if arguments.beside else {}
        for kind, ms in eager.items():
            beside = [f"{own[kind]:.0f}", f"{ms:.0f}", f"{own[kind] / ms:.2f}"] if kind in own else ["", f"{ms:.0f}", ""]
            print(f"| {name} | {kind} | " + " | ".join(beside) + " |", flush=True)


if __name__ == "__main__":
    main()
