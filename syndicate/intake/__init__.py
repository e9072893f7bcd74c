"""How articles and subscribers come in.

    folder ─► manuscript ─► filing ─► store
    files     frontmatter   which article it is,
              fields        and what became of it
              jekyll, markdown
              sanitise, embeds
              figures, pictures ─► media/
                       metadata, renditions

`readers` takes in subscribers, `watch` tells when something was saved.
"""
