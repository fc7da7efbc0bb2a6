r"""Where do the layers of a network lie among the areas of visual cortex? One map of all of them, and of controls.

The 92 objects are shown to a network, to copies of it that never learned, and to the classical V1 and V2. The RDM of
each layer, of the pixels, of human early visual cortex and IT (mean of 15 subjects) and of monkey IT becomes one point;
points are as far apart as the angle between the RDMs, by Spearman's correlation. The second panel tells how far the map
can be believed: distances in the map beside the angles themselves. The third is the map of the objects in IT.

    python analyses/representation_map.py squeezenet1_1 --weights squeezenet1_1.pth --objects human92_evc_it \
        --out representation_map
"""

from __future__ import annotations

import argparse
from pathlib import Path

import xarray as xr

from cortexcnn import plot, reference
from cortexcnn.cli.arguments import add_model, load_network, names, new_folder
from cortexcnn.cli.probe import convolutions
from cortexcnn.protocols import CONTROLS, rdms_of, record_with_controls, target
from cortexcnn.similarity import angles_between, embed, shepard

AREAS = {"EVC": "human EVC", "IT": "human IT", "monkey IT 2008": "monkey IT"}
"""Regions of the reference, and what the map calls them."""


def main(argv: list[str] | None = None) -> xr.DataArray:
    """Record, embed, write the angles and the figure."""
    arguments = _arguments(argv)
    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    cortex = {
        name: _mean(reference.objects92(arguments.objects, region=region))
        for region, name in AREAS.items()
        if region != "monkey IT 2008" or (arguments.objects / "Kriegeskorte_Neuron2008_supplementalData.mat").is_file()
    }
    shown = target("it", network.screen, data=arguments.objects).stimuli
    controls = [name for name in CONTROLS if name != "permutation null"]
    recorded = record_with_controls(
        network, shown, layers=layers, controls=controls, units=arguments.units, rng=arguments.seed
    )
    first = next(iter(cortex.values()))
    everything = [_points(rdms_of(one), name, first) for name, one in recorded.items()]
    everything += [_points(one.expand_dims(layer=[name]), name, first) for name, one in cortex.items()]
    rdms = xr.concat(everything, "model", coords="minimal", compat="override", combine_attrs="drop")
    angles = angles_between(rdms, method="spearman")
    angles.to_dataset(name="angle").to_netcdf(folder / "angles.nc")
    print(angles.sel(stimulus2=list(cortex)).to_pandas().to_string(float_format="{:.0f}".format))
    plot.save(_figure(angles, cortex, controls), folder / "representation_map.png")
    return angles


def _mean(rdms: xr.DataArray) -> xr.DataArray:
    return rdms.mean("subject", keep_attrs=True) if "subject" in rdms.dims else rdms


def _points(stack: xr.DataArray, network: str, like: xr.DataArray) -> xr.DataArray:
    """RDMs (model, stimulus, stimulus2) of one network, or area, with their labels, and stimuli in one order."""
    layers = stack["layer"].values.astype(str)
    stimuli = like["stimulus"].values
    labels = [layer if layer == network else f"{network}, {layer}" for layer in layers]
    ordered = stack.sel(stimulus=stimuli, stimulus2=stimuli).rename(layer="model").reset_coords(drop=True)
    return ordered.assign_coords(
        model=labels, network=("model", [network] * len(layers)), layer=("model", layers)
    ).transpose("model", "stimulus", "stimulus2")


def _figure(angles: xr.DataArray, cortex: dict[str, xr.DataArray], controls: list[str]) -> plot.Figure:
    """The map of models, its Shepard diagram, and the map of objects in IT."""
    points = embed(angles, starts=16)
    objects = embed(cortex["human IT"].assign_attrs(method="correlation"), metric=False)
    figure, axes = plot.figure(1, 3, width=4.6, height=3.6)
    there = [name for name in controls if name in points["network"].values]
    plot.model_map(
        points, areas=list(cortex), controls=there, names="layer", title="layers, areas and controls", ax=axes[0]
    )
    plot.shepard_diagram(shepard(angles, points), ax=axes[1])
    plot.stimulus_map(
        objects,
        colour="category" if "category" in objects.coords else None,
        title=f"92 objects in human IT (non-metric, stress {float(objects.stress):.2f})",
        ax=axes[2],
    )
    return figure


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument("--objects", type=Path, required=True, metavar="PATH", help="folder of the 92 objects")
    parser.add_argument("--units", type=int, default=1000, help="units drawn from each layer (default: 1000)")
    parser.add_argument("--out", type=Path, default=Path("representation_map"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
