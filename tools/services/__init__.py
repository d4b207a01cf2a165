"""The real services of the stack, installed and started without root, containers or a fixed port.

    service.py     what a recipe writes: one class a service        catalogue.py   finds the recipes
    manager.py     install, start, wait, stop                       instance.py    one started service and its folder
    processes.py   pids that are surely ours    ports.py   free and held ports     cli.py   the verbs

A recipe is one file here, named as its service; versions.toml says which versions there are.
"""
