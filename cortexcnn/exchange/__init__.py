"""The same tables in other tools' forms: what cortexcnn measured goes into them, and theirs come in, with their labels."""
