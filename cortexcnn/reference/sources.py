"""Whose data each reader reads: a figure without its citation, and a file without its licence, shouldn't travel."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SOURCES", "Source"]


@dataclass(frozen=True)
class Source:
    """A data set: the paper, where its authors or others have put the files, and under what terms.

    Attributes
    ----------
    citation : str
        The paper to cite.
    where : str
        Where the files can be had.
    licence : str
        The terms that the files came with.
    """

    citation: str
    where: str
    licence: str

    def attrs(self) -> dict[str, str]:
        """Text attributes that go with everything a reader returns.

        Examples
        --------
        >>> sorted(SOURCES["ringach2002"].attrs())
        ['licence', 'source', 'where']
        """
        return {"source": self.citation, "where": self.where, "licence": self.licence}


_NO_LICENCE = "none stated: for use, not for redistribution; ask the authors before passing the files on"

SOURCES: dict[str, Source] = {
    "henaff2021": Source(
        "Hénaff, Bai, Charlton, Nauhaus, Simoncelli & Goris (2021), Primary visual cortex straightens natural video "
        "trajectories, Nat Commun 12:5982, doi:10.1038/s41467-021-25939-z",
        "responses: github.com/wongyoJung/Primary-visual-cortex-straightens-natural-video-trajectories (V1_responses); "
        "images: github.com/olivierhenaff/neural-straightening (images/acute/stimulus_fullfield)",
        _NO_LICENCE,
    ),
    "ecker2010": Source(
        "Ecker, Berens, Keliris, Bethge, Logothetis & Tolias (2010), Decorrelated neuronal firing in cortical "
        "microcircuits, Science 327:584-587; Berens, Ecker, Cotton, Ma, Bethge & Tolias (2012), J Neurosci "
        "32:10618-10626",
        "data_v1_binned_static.mat and data_v1_binned_moving.mat, for example in github.com/stevensonlab/teaching",
        "CC BY-NC-ND 3.0: non-commercial, no derivatives",
    ),
    "ringach2002": Source(
        "Ringach, Shapley & Hawken (2002), Orientation selectivity in macaque V1: diversity and laminar dependence, "
        "J Neurosci 22:5639-5651, doi:10.1523/JNEUROSCI.22-13-05639.2002",
        "ringach_2002_db.mat, for example in github.com/neuroailab/TDANN (spacetorch/datasets)",
        _NO_LICENCE,
    ),
    "cichy2014": Source(
        "Cichy, Pantazis & Oliva (2014), Resolving human object recognition in space and time, Nat Neurosci "
        "17:455-462 (as given out for the 92 images of the Algonauts Project 2019)",
        "target_fmri.mat of the 92 images, from the Algonauts Project 2019 (algonauts.csail.mit.edu)",
        _NO_LICENCE,
    ),
    "kriegeskorte2008": Source(
        "Kriegeskorte, Mur, Ruff, Kiani, Bodurka, Esteky, Tanaka & Bandettini (2008), Matching categorical object "
        "representations in inferior temporal cortex of man and monkey, Neuron 60:1126-1141",
        "92_brainRDMs.mat and Kriegeskorte_Neuron2008_supplementalData.mat, in github.com/rsagroup/rsatoolbox "
        "(demos/92imageData)",
        "MIT, that of the repository which passes them on",
    ),
    "human78": Source(
        "Algonauts Project 2019, the 78 test images: Cichy, Roig, Andonian, Dwivedi, Lahner, Lascelles, Mohsenzadeh, "
        "Ramakrishnan & Oliva (2019), The Algonauts Project, arXiv:1905.05675",
        "target_fmri.mat of the 78 images, from the Algonauts Project 2019 (algonauts.csail.mit.edu)",
        _NO_LICENCE,
    ),
    "hubel_wiesel1959": Source(
        "Hubel & Wiesel (1959), Receptive fields of single neurones in the cat's striate cortex, J Physiol "
        "148:574-591, figure 3",
        "hubel_wiesel_fig3_1959_spike_times.ods, digitised from the figure, in github.com/astoeckel/phd_thesis "
        "(data/manual)",
        _NO_LICENCE,
    ),
    "palmer": Source(
        "L. C. T. Palmer, example data of tuning_curve_analysis (one subject; no paper is named)",
        "example_data.csv, in github.com/LCTPalmer/tuning_curve_analysis",
        _NO_LICENCE,
    ),
    "goris2015": Source(
        "Goris, Simoncelli & Movshon (2015), Origin and function of tuning diversity in macaque visual cortex, "
        "Neuron 88:819-831",
        "the files of problems/goris2015 in github.com/lacerbi/infbench, by permission of R. Goris",
        "GPL-3, that of the repository which passes them on",
    ),
}
"""Every data set that a reader knows, by name."""
