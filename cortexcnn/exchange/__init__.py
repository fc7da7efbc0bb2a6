"""The same tables in other tools' forms: what was measured goes into them, and theirs come in, with their labels.

Responses and RDMs to and from rsatoolbox, pandas, NumPy archives and MATLAB 5 and 7.3; responses to and from
Brain-Score and thingsvision; spikes and trials out of NWB files. Packages are imported where they are
needed, files are never unpickled, and nothing is overwritten unless that is said.
"""

from cortexcnn.exchange.archives import read_npz, write_npz
from cortexcnn.exchange.brainscore_assemblies import from_brainscore_assembly, to_brainscore_assembly
from cortexcnn.exchange.brainscore_files import read_brainscore_assembly, write_brainscore_assembly
from cortexcnn.exchange.feature_files import read_thingsvision, write_thingsvision
from cortexcnn.exchange.frames import FRAMES, from_pandas, to_pandas
from cortexcnn.exchange.matlab import read_matlab, read_matlab_table, write_matlab
from cortexcnn.exchange.nwb_trials import read_nwb
from cortexcnn.exchange.plain import from_array
from cortexcnn.exchange.rsatoolbox_datasets import from_rsatoolbox_dataset, to_rsatoolbox_dataset
from cortexcnn.exchange.rsatoolbox_rdms import from_rsatoolbox_rdms, to_rsatoolbox_rdms

__all__ = [
    "FRAMES",
    "from_array",
    "from_brainscore_assembly",
    "from_pandas",
    "from_rsatoolbox_dataset",
    "from_rsatoolbox_rdms",
    "read_brainscore_assembly",
    "read_matlab",
    "read_matlab_table",
    "read_npz",
    "read_nwb",
    "read_thingsvision",
    "to_brainscore_assembly",
    "to_pandas",
    "to_rsatoolbox_dataset",
    "to_rsatoolbox_rdms",
    "write_brainscore_assembly",
    "write_matlab",
    "write_npz",
    "write_thingsvision",
]
