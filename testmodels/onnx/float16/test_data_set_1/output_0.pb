

BlogitsJЩктиFкдB╓еXкКEюд|ц