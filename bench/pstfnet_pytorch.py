#!/usr/bin/python3
"""PSTFNet in eager PyTorch, frame by frame and layer by layer as the paper describes it: the yardstick of pstfnet_bench.

Written from the specification. It encodes the five frames of a window one after the other, runs 3-D convolutions as
nn.Conv3d over all frames, and normalises after each convolution. Prints milliseconds of a forward pass in evaluation
mode, of a training step (forward, SoftIoU, backward, AdamW), and the process's peak memory. With --beside it runs
mirst's benchmark right after and prints both as a table.

Needs Debian's python3-torch; nothing else of mirst does.
"""
import argparse
import json
import math
import os
import resource
import subprocess
import time

import torch
import torch.nn.functional as F
from torch import nn

CHANNELS = (8, 16, 32, 64)


class ChannelAttention(nn.Module):
    def __init__(self, c, reduction):
        super().__init__()
        self.fc1 = nn.Conv2d(c, c // reduction, 1, bias=False)
        self.fc2 = nn.Conv2d(c // reduction, c, 1, bias=False)

    def forward(self, x):
        mean = self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1))))
        peak = self.fc2(F.relu(self.fc1(F.adaptive_max_pool2d(x, 1))))
        return torch.sigmoid(mean + peak)


class SpatialAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x):
        return torch.sigmoid(self.conv1(torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)))


class Block(nn.Module):
    def __init__(self, ci, co, cbam, reduction=8):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(ci, co, 3, padding=1), nn.BatchNorm2d(co)
        self.conv2, self.bn2 = nn.Conv2d(co, co, 3, padding=1), nn.BatchNorm2d(co)
        self.shortcut = nn.Sequential(nn.Conv2d(ci, co, 1), nn.BatchNorm2d(co)) if ci != co else nn.Identity()
        self.cbam = cbam
        if cbam:
            self.ca, self.sa = ChannelAttention(co, reduction), SpatialAttention()

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.cbam:
            y = self.ca(y) * y
            y = self.sa(y) * y
        return F.relu(y + self.shortcut(x))


def pair(ci, co, cbam):
    return nn.Sequential(Block(ci, co, cbam), Block(co, co, cbam))


def conv3d(ci, co, *kernel):
    return nn.Sequential(nn.Conv3d(ci, co, kernel, padding=tuple(k // 2 for k in kernel)), nn.BatchNorm3d(co), nn.ReLU())


def conv2d(c, k):
    return nn.Sequential(nn.Conv2d(c, c, k, padding=k // 2), nn.BatchNorm2d(c), nn.ReLU())


class Progressive(nn.Module):
    def __init__(self, c):
        super().__init__()
        q = c // 4
        self.conv1, self.conv2 = conv3d(c, q, 3, 3, 3), conv3d(q, c, 3, 3, 3)
        self.steps = nn.ModuleDict({f"{s}_{t}": conv2d(q, 2 * (s - t) + 1) for t in range(5) for s in range(t, 5)})

    def forward(self, x):
        x = self.conv1(x)
        frames = {4 - t: x[:, :, t] for t in range(5)}  # counted backwards from the present
        f = {}
        for t in range(4, -1, -1):
            f[t] = self.steps[f"{t}_{t}"](frames[t])
            for s in range(t + 1, 5):
                f[t] = f[t] + self.steps[f"{s}_{t}"](frames[t] + f[s])
        y = self.conv2(torch.stack([f[4], f[3], f[2], f[1], f[0]], 2))
        return torch.sigmoid(y[:, :, -1])


class Aggregation(nn.Module):
    def __init__(self, c):
        super().__init__()
        q = c // 4
        self.progressive, self.head = Progressive(c), conv3d(c, q, 3, 3, 3)
        self.branches = nn.ModuleList(
            nn.Sequential(conv3d(q, q, 1, 3, 3), conv3d(q, q, t, 1, 1), conv3d(q, q, 1, 3, 3), conv3d(q, q, t, 1, 1))
            for t in (1, 3, 5))
        self.tail = conv3d(3 * q, c, 3, 3, 3)

    def forward(self, x):
        head = self.head(x)
        wm = torch.sigmoid(self.tail(torch.cat([b(head) for b in self.branches], 1))[:, :, -1])
        r = x[:, :, -1]
        return r + r * self.progressive(x) * wm


class FeedForward(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm2d(d), nn.Conv2d(d, 2 * d, 1), nn.BatchNorm2d(2 * d),
                                    nn.Conv2d(2 * d, 2 * d, 3, padding=1, groups=d), nn.ReLU6(),
                                    nn.Conv2d(2 * d, d, 1))

    def forward(self, x):
        return self.layers(x)


class CrossScale(nn.Module):
    def __init__(self, d=30, heads=8, key=32, value=64):
        super().__init__()
        self.heads, self.key, self.value = heads, key, value
        self.bn1 = nn.BatchNorm2d(d)
        self.stride2 = nn.Sequential(nn.Conv2d(d, d, 3, 2, 1, groups=d), nn.BatchNorm2d(d))
        self.stride3 = nn.Sequential(nn.Conv2d(d, d, 5, 3, 2, groups=d), nn.BatchNorm2d(d))
        self.qkv, self.qkv_norm = nn.Linear(d, heads * (2 * key + value), bias=False), nn.BatchNorm1d(1024)
        self.side = nn.Conv2d(heads * value, heads * value, 3, padding=1, groups=heads * value)
        self.project, self.out = nn.Linear(784, 576), nn.Linear(heads * value, d)
        self.bn4, self.conv = nn.BatchNorm2d(d), nn.Conv2d(d, d, 1)

    def forward(self, x):
        b, d, h, w = x.shape
        fine = self.bn1(x)
        tokens = torch.cat([m.flatten(2).transpose(1, 2) for m in (fine, self.stride2(fine), self.stride3(fine))], 1)
        qkv = self.qkv(tokens)
        qkv = self.qkv_norm(qkv.flatten(0, 1)).view(b, -1, self.heads, 2 * self.key + self.value).transpose(1, 2)
        q, k, v = qkv.split([self.key, self.key, self.value], 3)
        y = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(self.key), -1) @ v
        y = self.project(y.transpose(2, 3).reshape(b, self.heads * self.value, -1))
        side = v[:, :, :h * w].transpose(2, 3).reshape(b, self.heads * self.value, h, w)
        y = y + self.side(F.hardswish(side)).flatten(2)
        y = self.out(y.transpose(1, 2)).transpose(1, 2).reshape(b, d, h, w)
        return self.conv(F.hardswish(self.bn4(y)))


class Gate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.local, self.context, self.gate = (nn.Sequential(nn.Conv2d(c, c, 1), nn.BatchNorm2d(c)) for _ in range(3))

    def forward(self, local, coarse):
        size = local.shape[2:]
        up = lambda m: F.interpolate(m, size, mode="bilinear", align_corners=False)
        return self.local(local) * up(F.relu6(self.gate(coarse) + 3) / 6) + up(self.context(coarse))


class Fusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.up, self.bn = nn.Conv2d(120, 30, 1), nn.Conv2d(30, 120, 1), nn.BatchNorm2d(30)
        self.csa1, self.csa2, self.ff = CrossScale(), CrossScale(), FeedForward(30)
        self.intra = nn.ModuleList(FeedForward(d) for d in (2, 4, 8, 16))
        self.gates = nn.ModuleList(Gate(c) for c in CHANNELS)

    def forward(self, levels):
        x = self.down(torch.cat([F.adaptive_avg_pool2d(p, 24) for p in levels], 1))
        x = x + self.csa1(x)
        x = torch.cat([y + ff(y) for y, ff in zip(x.split([2, 4, 8, 16], 1), self.intra)], 1)
        x = x + self.csa2(x)
        x = x + self.ff(x)
        coarse = self.up(self.bn(x)).split(list(CHANNELS), 1)
        return [gate(p, g) for gate, p, g in zip(self.gates, levels, coarse)]


class Pstfnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList(pair(ci, co, True) for ci, co in zip((3,) + CHANNELS, CHANNELS))
        self.aggregation = nn.ModuleList(Aggregation(c) for c in CHANNELS)
        self.fusion = Fusion()
        self.decoder = nn.ModuleList(pair(c + 2 * c, c, False) for c in (32, 16, 8))
        self.final = nn.Conv2d(8, 1, 1)

    def encode(self, image):
        levels = []
        for stage in self.encoder:
            image = stage(F.max_pool2d(image, 2) if levels else image)
            levels.append(image)
        return levels

    def forward(self, frames):
        window = [self.encode(frames[:, :, t]) for t in range(5)]
        levels = [ptam(torch.stack([w[i] for w in window], 2)) for i, ptam in enumerate(self.aggregation)]
        levels = self.fusion(levels)
        x = levels[3]
        for stage, finer in zip(self.decoder, levels[2::-1]):
            x = stage(torch.cat([finer, F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)], 1))
        return self.final(x)


def soft_iou_loss(logits, masks, smooth=1, over_batch=False):
    p = torch.sigmoid(logits)
    axes = tuple(range(0 if over_batch else 1, p.dim()))
    both = (p * masks).sum(axes)
    return 1 - ((both + smooth) / (p.sum(axes) + masks.sum(axes) - both + smooth)).mean()


def milliseconds(run, repetitions):
    run()  # warms up
    times, cpu = [], time.process_time()
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    return {"least_ms": min(times), "cpu_ms": 1000 * (time.process_time() - cpu) / repetitions}


def print_ratios(program, eager):
    out = subprocess.run([program, "--benchmark_format=json"], check=True, stdout=subprocess.PIPE).stdout
    rows = {run["name"].removesuffix("/real_time").split("/iterations")[0]: run for run in json.loads(out)["benchmarks"]}
    layers = rows.pop("Layers")
    print(f"load {os.getloadavg()[0]:.1f}, {eager['threads']} threads, 5 x 384 x 384, least of several runs\n")
    print("| | ms | eager / this | processor ms | eager / this | peak MiB |\n|---|---|---|---|---|---|")

    def line(name, row, peak, reference):
        ratios = [f"{reference[key] / row[key]:.1f}" for key in ("least_ms", "cpu_ms")] if reference else ["", ""]
        print(f"| {name} | {row['least_ms']:.0f} | {ratios[0]} | {row['cpu_ms']:.0f} | {ratios[1]} | {peak:.0f} |")

    line("eager PyTorch, window", eager["forward"], eager["forward_peak_mib"], eager["forward"])
    if "train_step" in eager:
        line("eager PyTorch, training step", eager["train_step"], eager["train_peak_mib"], eager["train_step"])
    for name, row in rows.items():
        line(f"mirst {name}", row, row["peak_mib"], eager.get("train_step" if name == "TrainStep" else "forward"))
    streaming = rows["Engine/streaming"]["least_ms"]
    print(f"\nconvolutions of a streamed frame, each alone, summed: best {layers['best_ms']:.1f} ms, "
          f"own kernels {layers['own_ms']:.1f}, LibTorch's best {layers['libtorch_best_ms']:.1f}; {layers['gmac']:.2f} GMAC\n"
          f"streaming reaches {100 * layers['best_ms'] / streaming:.0f} % of that bound")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--train", action="store_true", help="also time a training step")
    parser.add_argument("--beside", metavar="PROGRAM", help="build/bench/pstfnet_bench, to run after and print ratios")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    network = Pstfnet()
    parameters = sum(p.numel() for p in network.parameters())
    assert parameters == 1653157, parameters
    frames = torch.randn(1, 1, 5, 384, 384).expand(-1, 3, -1, -1, -1).contiguous()
    result = {"torch": torch.__version__, "threads": arguments.threads, "parameters": parameters}
    network.eval()
    with torch.no_grad():
        result["forward"] = milliseconds(lambda: network(frames), arguments.repetitions)
    result["forward_peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if arguments.train:
        network.train()
        optimiser = torch.optim.AdamW(network.parameters(), 5e-4, weight_decay=1e-4)
        mask = torch.zeros(1, 1, 384, 384)
        mask[:, :, 190:194, 190:194] = 1

        def step():
            optimiser.zero_grad()
            soft_iou_loss(network(frames), mask).backward()
            optimiser.step()

        result["train_step"] = milliseconds(step, max(1, arguments.repetitions - 1))
        result["train_peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if arguments.beside:
        print_ratios(arguments.beside, result)
    else:
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
