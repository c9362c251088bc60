{% macro cents_to_euros(column, digits=2) -%}
    round({{ column }} / 100.0, {{ digits }})::decimal(12, {{ digits }})
{%- endmacro %}
